/*
 * Staged addresses in memory that both sides see.
 *
 * Python may let an object of ffi.new() lead to what the program has passed: to a copy in staging.  The program must
 * find its own memory there.  Such an object crosses as it is, so there is no copy in which the pointer could be
 * another one: it is changed in place, before C sees it, and changed back before Python runs again in the same call.
 * When the call has ended it stays the program's own, which Python cannot look behind.
 *
 * Where to look: pointers that cross and lead to such memory are noted (roots), by those who see them pass; from there
 * proto/reach.h walks through shared memory only, since what is staged is looked at by marshal_back.c.  Without
 * anything that is staged, there is nothing to look for, and nobody does.
 *
 * The memory is written by others at any time: what is there is copied, judged, and replaced if it is still needed.
 *
 * Called by the other parts of marshalling; the thread that makes the call.
 */
#include "client/remote/marshal.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/cleanup.h"
#include "proto/expression.h"
#include "proto/reach.h"

/* One walk from a marshalling's roots. */
struct lending {
    const struct coil_scope *scope; /* whose staging, and that of those around it, is known */
    struct coil_marshal *marshal;   /* remembers what is changed */
    const struct coil_link *link;   /* whose types are met */
    bool ends;
    int result;
    struct coil_error *error; /* NULL: somebody else has failed before */
};

/* Memory that both sides see as it is: no copies. */
static bool is_both(struct coil_session *session, uint64_t address, uint64_t size)
{
    return !coil_staging_contains(session, address) && size <= coil_shared_room(session, address);
}

static bool is_shared(void *context, uint64_t address, uint64_t size)
{
    const struct lending *l = context;

    return is_both(l->scope->channel->session, address, size);
}

/* ---- roots ---- */

int coil_shared_note(struct coil_marshal *m, const struct coil_root *root, struct coil_error *error)
{
    int r;

    for (uint32_t i = 0; root->is_of_call && i < m->root_count; i++)
        if (m->roots[i].address == root->address && m->roots[i].shape == root->shape &&
            m->roots[i].link == root->link && m->roots[i].size >= root->size && m->roots[i].is_of_call)
            return 0;
    r = coil_marshal_grow(&m->roots, &m->root_room, m->root_count + 1, sizeof *m->roots, error);
    if (r == 0)
        m->roots[m->root_count++] = *root;
    return r;
}

/* Is there anything in staging whose address Python could have? */
static bool has_staged(const struct coil_scope *scope)
{
    while (scope && !(scope->marshal && scope->marshal->pieces))
        scope = scope->outer;
    return scope != NULL;
}

/* Of this call, or of the one around it: without any, nothing is staged. */
static struct coil_marshal *marshal_of(const struct coil_scope *scope)
{
    while (scope && !scope->marshal)
        scope = scope->outer;
    return scope ? scope->marshal : NULL;
}

/* The size of an array in shared memory that ends with an element which begins with a null pointer; 0: it does not. */
static uint64_t size_to_null(struct coil_session *session, uint64_t address, uint64_t extent)
{
    uint64_t size = 0, first = 1;

    while (first) {
        if (extent < sizeof first || !is_both(session, address + size, extent))
            return 0;
        memcpy(&first, (const void *)(uintptr_t)(address + size), sizeof first);
        size += extent;
    }
    return size;
}

int coil_shared_note_given(const struct coil_scope *scope, const struct coil_link *link, const struct coil_place *place,
                           const void *arguments, uint64_t address, struct coil_error *error)
{
    const struct coil_descriptor_value *v = place->value;
    struct coil_session *session = scope->channel->session;
    struct coil_root root = { .link = link, .address = address, .shape = v->shape };
    struct coil_marshal *m = marshal_of(scope);

    if (!m || !coil_value_leads(v) || !v->shape || !is_both(session, address, 1))
        return 0;
    if (v->count == COIL_COUNT_TO_NULL)
        root.size = size_to_null(session, address, v->extent);
    else if (coil_expression_extent(link->image, place->first_value, v, arguments, &root.size, NULL) < 0)
        return 0; /* said elsewhere, if anybody needs it */
    return coil_shared_note(m, &root, error);
}

/* ---- there ---- */

static int explain(const struct lending *l, const struct coil_descriptor_value *value, uint64_t address)
{
    return coil_error_set(l->error, -EFAULT,
                          "Python let '%s', in memory from ffi.new(), lead to what an earlier call had passed (%p), of "
                          "which nothing is there any more: let it lead to what this call has passed, or to memory "
                          "from ffi.new()",
                          coil_image_text(l->link->image, value->name), (void *)(uintptr_t)address);
}

static void write_pointer(uint64_t place, uint64_t address)
{
    memcpy((void *)(uintptr_t)place, &address, sizeof address);
}

/* Remembers what is to be put back.  False: no memory. */
static bool remember(struct lending *l, uint64_t place, uint64_t staged, uint64_t own)
{
    struct coil_marshal *m = l->marshal;
    int r = coil_marshal_grow(&m->lent, &m->lent_room, m->lent_count + 1, sizeof *m->lent, l->error);

    if (r == 0)
        m->lent[m->lent_count++] = (struct coil_lent){ place, staged, own };
    else
        l->result = r;
    return r == 0;
}

/* A pointer in shared memory: is it one into staging?  Other threads' pieces of that are their own affair. */
static void look_at(void *context, const struct coil_descriptor_value *value, uint64_t place, uint64_t address)
{
    struct lending *l = context;
    const struct coil_channel *channel = l->scope->channel;
    uint64_t own;

    if (!coil_staging_contains(channel->session, address))
        return;
    own = coil_marshal_to_own(l->scope, address);
    if (own != address) {
        if (l->ends || remember(l, place, address, own))
            write_pointer(place, own);
    } else if (coil_value_leads(value) && address - channel->staging.base < channel->staging.size) {
        write_pointer(place, 0);
        l->result = explain(l, value, address);
        l->error = NULL;
    }
}

static int walk(struct lending *l, const struct coil_link *link, const struct coil_reach_block *blocks, size_t count)
{
    const struct coil_reach reach = {
        .image = link->image, .is_shared = is_shared, .seen = look_at, .context = l
    };

    l->link = link;
    return coil_reach_walk_blocks(&reach, blocks, count, l->error);
}

/* From the roots number `first` on; those of one library together. */
static int lend(struct lending *l, uint32_t first)
{
    const struct coil_marshal *m = l->marshal;
    COIL_CLEANUP(coil_memory_free) struct coil_reach_block *blocks = calloc(m->root_count - first, sizeof *blocks);
    size_t count = 0;
    int r = 0;

    if (!blocks)
        return coil_error_set(l->error, -ENOMEM, "no memory for what Python has changed");
    for (uint32_t i = first; r == 0 && i < m->root_count; i++) {
        const struct coil_root *root = &m->roots[i];

        if (count > 0 && root->link != m->roots[i - 1].link) {
            r = walk(l, m->roots[i - 1].link, blocks, count);
            count = 0;
        }
        if (is_both(l->scope->channel->session, root->address, root->size)) /* C may have freed it */
            blocks[count++] = (struct coil_reach_block){ root->address, root->size, root->shape };
    }
    if (r == 0 && count > 0)
        r = walk(l, m->roots[m->root_count - 1].link, blocks, count);
    return r < 0 ? r : l->result;
}

int coil_marshal_lend(const struct coil_scope *scope, bool ends, struct coil_error *error)
{
    int result = 0;

    if (!has_staged(scope))
        return 0;
    for (const struct coil_scope *s = scope; s; s = ends ? NULL : s->outer) {
        struct lending l = { .scope = scope, .marshal = s->marshal, .ends = ends, .error = result < 0 ? NULL : error };
        int r = s->marshal && s->marshal->root_count > 0 ? lend(&l, 0) : 0;

        if (result == 0)
            result = r;
    }
    return result;
}

int coil_marshal_lend_frame(const struct coil_scope *scope, const struct coil_group *group, void *frame,
                            struct coil_error *error)
{
    struct lending l = { .scope = scope, .marshal = marshal_of(scope), .error = error };
    uint32_t first = l.marshal ? l.marshal->root_count : 0;
    int r = coil_marshal_frame_to_own(scope, group, frame, error);

    if (r == 0 && l.marshal && l.marshal->root_count > first && has_staged(scope))
        r = lend(&l, first);
    if (l.marshal)
        l.marshal->root_count = first;
    return r;
}

/* ---- and back ---- */

void coil_shared_take_back(struct coil_marshal *m, struct coil_session *session)
{
    for (uint32_t i = 0; i < m->lent_count; i++) {
        const struct coil_lent *lent = &m->lent[i];
        uint64_t now;

        if (!is_both(session, lent->place, sizeof now))
            continue;
        memcpy(&now, (const void *)(uintptr_t)lent->place, sizeof now);
        if (now == lent->own) /* else C has made it lead elsewhere */
            write_pointer(lent->place, lent->staged);
    }
    m->lent_count = 0;
}
