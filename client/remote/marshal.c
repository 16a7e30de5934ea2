/*
 * What pointers lead to.
 *
 * Before a call, everything that its pointers lead to is gathered as ranges of the
 * program's memory; overlapping ranges become one, so that two pointers to the
 * same thing lead to the same thing in Python too.  The ranges are copied into one
 * piece of staging, and the frame gets their addresses there.
 *
 * After the call, of what was sent and may come back only the bytes that the handler changed
 * are written into the program's memory: another thread of the program may have
 * written its neighbours meanwhile, and a string constant that nobody changed must
 * not be written at all.  A private snapshot says what changed.  What was not sent (`out`)
 * comes back whole, or as far as its length() says.
 */
#include "client/remote/remote.h"
#include "proto/expression.h"

#include <errno.h>
#include <stdlib.h>

/* One pointer among the parameters, that is not NULL. */
struct coil_marshal_pointer {
    const struct coil_descriptor_value *parameter;
    unsigned char *own;   /* where it leads in the program */
    uint64_t size;        /* bytes there */
    bool in;              /* what is there is sent; otherwise Python gets zeros */
    bool back;            /* changes come back; all of it, if it was not sent */
    uint64_t group_begin; /* the lowest address of all that overlaps it */
    uint64_t at;          /* offset in the staged piece */
};

#define ALIGNMENT 16u

static uint64_t address_of(const struct coil_marshal_pointer *p)
{
    return (uint64_t)(uintptr_t)p->own;
}

/* What one pointer leads to, and which way it goes. */
static int measure(struct coil_marshal_pointer *p, const struct coil_link *link, unsigned function, const void *call,
                   struct coil_error *error)
{
    enum coil_crossing crossing = (enum coil_crossing)p->parameter->crossing;

    p->in = crossing != COIL_CROSS_BLOCK_OUT;
    p->back =
        crossing == COIL_CROSS_STRING_INOUT || crossing == COIL_CROSS_BLOCK_INOUT || crossing == COIL_CROSS_BLOCK_OUT;
    if (crossing != COIL_CROSS_STRING_IN && crossing != COIL_CROSS_STRING_INOUT)
        return coil_expression_extent(link->image, coil_image_functions(link->image)[function].first_value, p->parameter, call, &p->size, error);
    p->size = strlen((const char *)p->own) + 1;
    return 0;
}

/* Finds the pointers of a call: every parameter that leads somewhere. */
static int gather(struct coil_marshal *marshal, const struct coil_link *link, unsigned function, const void *call,
                  struct coil_error *error)
{
    const struct coil_descriptor_function *f = &coil_image_functions(link->image)[function];
    const struct coil_descriptor_value *parameters = coil_image_values(link->image) + f->first_value;
    int r = 0;

    marshal->pointers = calloc(f->parameter_count ? f->parameter_count : 1, sizeof *marshal->pointers);
    if (!marshal->pointers)
        return coil_error_set(error, -ENOMEM, "no memory for the arguments");
    for (uint32_t i = 0; r == 0 && i < f->parameter_count; i++) {
        struct coil_marshal_pointer p = { .parameter = &parameters[i] };

        if (parameters[i].crossing == COIL_CROSS_VALUE)
            continue;
        memcpy(&p.own, (const char *)call + parameters[i].offset, sizeof p.own);
        if (!p.own)
            continue;
        r = measure(&p, link, function, call, error);
        /* Checked here, so that sums of sizes cannot overflow. */
        if (r == 0 && p.size > COIL_STAGING_CLIENT_SIZE)
            r = coil_error_set(error, -ENOMEM, "'%s': %llu bytes are more than fit into the memory shared with Python",
                               coil_image_text(link->image, parameters[i].name), (unsigned long long)p.size);
        marshal->pointers[marshal->pointer_count++] = p;
    }
    return r;
}

/*
 * Gives each pointer its place in the staged piece; pointers whose ranges overlap
 * share one place.  Quadratic in the number of pointers of one call, which is small.
 * Returns the size of the piece.
 */
static uint64_t lay_out(struct coil_marshal *marshal)
{
    struct coil_marshal_pointer *pointers = marshal->pointers;
    uint64_t total = 0;
    bool changed;

    for (size_t i = 0; i < marshal->pointer_count; i++)
        pointers[i].group_begin = address_of(&pointers[i]);
    do {
        changed = false;
        for (size_t i = 0; i < marshal->pointer_count; i++)
            for (size_t j = 0; j < marshal->pointer_count; j++)
                if (address_of(&pointers[i]) < address_of(&pointers[j]) + pointers[j].size &&
                    address_of(&pointers[j]) < address_of(&pointers[i]) + pointers[i].size &&
                    pointers[j].group_begin < pointers[i].group_begin) {
                    pointers[i].group_begin = pointers[j].group_begin;
                    changed = true;
                }
    } while (changed);

    for (size_t i = 0; i < marshal->pointer_count; i++) {
        uint64_t begin = pointers[i].group_begin, end = 0, place = total;
        bool first = true;

        for (size_t j = 0; j < marshal->pointer_count; j++) {
            if (pointers[j].group_begin != begin)
                continue;
            if (j < i) {
                first = false;
                place = pointers[j].at - (address_of(&pointers[j]) - begin);
            }
            if (address_of(&pointers[j]) + pointers[j].size > end)
                end = address_of(&pointers[j]) + pointers[j].size;
        }
        /* The same misalignment as in the program, so that aligned things stay aligned. */
        if (first) {
            place = total + begin % ALIGNMENT;
            total = (place + (end - begin) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        }
        pointers[i].at = place + (address_of(&pointers[i]) - begin);
    }
    return total;
}

/* Do changes have to be told from what was sent? */
static bool needs_snapshot(const struct coil_marshal *marshal)
{
    for (size_t i = 0; i < marshal->pointer_count; i++)
        if (marshal->pointers[i].in && marshal->pointers[i].back)
            return true;
    return false;
}

/* Copies what is sent into the staged piece, and into the snapshot if there is one. */
static void fill(struct coil_marshal *marshal)
{
    for (size_t i = 0; i < marshal->pointer_count; i++)
        if (!marshal->pointers[i].in)
            memset(marshal->staged.address + marshal->pointers[i].at, 0, marshal->pointers[i].size);
    /* After the zeros: what overlaps both is sent. */
    for (size_t i = 0; i < marshal->pointer_count; i++) {
        const struct coil_marshal_pointer *p = &marshal->pointers[i];
        unsigned char *staged = marshal->staged.address + p->at;

        if (!p->in)
            continue;
        if (marshal->snapshot && p->back) {
            /* The program's bytes are read once, so that both copies are the same. */
            memcpy(marshal->snapshot + p->at, p->own, p->size);
            memcpy(staged, marshal->snapshot + p->at, p->size);
        } else {
            memcpy(staged, p->own, p->size);
        }
    }
}

int coil_marshal_out(struct coil_marshal *marshal, struct coil_channel *channel, const struct coil_link *link,
                     unsigned function, const void *call, void *frame, struct coil_error *error)
{
    uint64_t size;
    int r;

    r = gather(marshal, link, function, call, error);
    if (r < 0 || marshal->pointer_count == 0)
        return r;
    size = lay_out(marshal);
    r = coil_staging_take(channel, size, &marshal->staged, error);
    if (r < 0)
        return r;
    if (needs_snapshot(marshal)) {
        marshal->snapshot = malloc(size ? size : 1);
        if (!marshal->snapshot)
            return coil_error_set(error, -ENOMEM, "no memory for the arguments");
    }
    fill(marshal);
    for (size_t i = 0; i < marshal->pointer_count; i++) {
        const struct coil_marshal_pointer *p = &marshal->pointers[i];
        unsigned char *staged = marshal->staged.address + p->at;

        memcpy((char *)frame + p->parameter->offset, &staged, sizeof staged);
    }
    return 0;
}

/* Writes the bytes of `now` that differ from `before` to `own`. */
static void write_changes(unsigned char *own, const unsigned char *now, const unsigned char *before, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++)
        if (now[i] != before[i])
            own[i] = now[i];
}

/* How much of an array comes back: `length` elements, as the program's own memory says after the call. */
static uint64_t returned_size(const struct coil_marshal_pointer *p, const struct coil_link *link, unsigned function,
                              const void *call)
{
    uint64_t length;

    if (p->parameter->length == 0)
        return p->size;
    if (coil_expression_evaluate(link->image, coil_image_functions(link->image)[function].first_value, p->parameter->length, call, &length, NULL) < 0)
        return 0;
    return p->parameter->extent && length < p->size / p->parameter->extent ? length * p->parameter->extent : p->size;
}

static void write_back(const struct coil_marshal *marshal, const struct coil_marshal_pointer *p, uint64_t size)
{
    const unsigned char *now = marshal->staged.address + p->at;

    if (!p->in)
        memcpy(p->own, now, size);
    else if (memcmp(now, marshal->snapshot + p->at, size) != 0)
        write_changes(p->own, now, marshal->snapshot + p->at, size);
}

void coil_marshal_back(struct coil_marshal *marshal, const struct coil_link *link, unsigned function, const void *call)
{
    /* Those without a length first: a length may be behind one of them. */
    for (int with_length = 0; with_length <= 1; with_length++)
        for (size_t i = 0; i < marshal->pointer_count; i++) {
            const struct coil_marshal_pointer *p = &marshal->pointers[i];

            if (p->back && (p->parameter->length != 0) == with_length)
                write_back(marshal, p, returned_size(p, link, function, call));
        }
}

void coil_marshal_deinit(struct coil_marshal *marshal, struct coil_channel *channel)
{
    coil_staging_release(channel, &marshal->staged);
    free(marshal->snapshot);
    free(marshal->pointers);
}
