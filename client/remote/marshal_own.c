/*
 * Staged addresses back to the program's own.
 *
 * What Python returns, stores, or gives to C may be an address in staging: of the beginning of something, of its
 * middle, or one past its end.  The program must see its own.  Python may also still have what it was given in a call
 * around this one, whose arguments are staged, too.
 *
 * Called by call.c, marshal_back.c, and for what Python asks of the program; the thread that makes the call.
 */
#include "client/remote/marshal.h"

/* The program's address behind one that was staged; false: it was not. */
static bool find_in_piece(const struct coil_piece *piece, uint64_t address, uint64_t *ret_own)
{
    uint64_t begin = (uint64_t)(uintptr_t)piece->staged.address;
    uint32_t low = 0, high = piece->count;
    const struct coil_range *range;

    if (address < begin || address - begin > piece->staged.size)
        return false;
    while (low < high) { /* the last range that begins at or before it */
        uint32_t middle = low + (high - low) / 2;

        if ((uint64_t)(uintptr_t)piece->ranges[middle].staged <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return false;
    range = &piece->ranges[low - 1];
    if (address - (uint64_t)(uintptr_t)range->staged > range->size)
        return false;
    *ret_own = range->own + (address - (uint64_t)(uintptr_t)range->staged);
    return true;
}

uint64_t coil_marshal_to_own(const struct coil_scope *scope, uint64_t address)
{
    uint64_t own;

    if (address < COIL_RANGE_BEGIN || address >= COIL_RANGE_END)
        return address;
    for (; scope; scope = scope->outer)
        for (const struct coil_piece *piece = scope->marshal ? scope->marshal->pieces : NULL; piece;
             piece = piece->older)
            if (find_in_piece(piece, address, &own))
                return own;
    return address;
}

struct translation {
    const struct coil_scope *scope;
    const struct coil_group *group;
    unsigned char *frame;
    struct coil_error *error;
};

static int to_own(void *argument, const struct coil_place *place)
{
    const struct translation *t = argument;
    unsigned char *at = t->frame + coil_place_offset(place);
    uint64_t address;

    memcpy(&address, at, sizeof address);
    if (place->value->crossing == COIL_CROSS_FUNCTION)
        address = coil_function_to_own(t->scope->channel->session, address);
    else
        address = coil_marshal_to_own(t->scope, address);
    memcpy(at, &address, sizeof address);
    return coil_shared_note_given(t->scope, t->group->link, place,
                                  place->is_outermost ? t->group->arguments : t->frame + place->base, address,
                                  t->error);
}

int coil_marshal_frame_to_own(const struct coil_scope *scope, const struct coil_group *group, void *frame,
                              struct coil_error *error)
{
    struct translation t = { scope, group, frame, error };

    return coil_places_visit(group->link->image, group->values, group->count, group->first_value, to_own, &t);
}
