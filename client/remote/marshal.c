/*
 * One call's marshalling, from its beginning to its end.
 *
 *     coil_marshal_out        the arguments: walk, place, fill
 *       coil_marshal_back     Python wants C to run: the program's memory is the truth
 *       coil_marshal_refresh  C has run: walk again, the same places where there are some
 *     coil_marshal_back       the answer has come
 *     coil_marshal_deinit
 *
 * The tables are kept by the channel for its next call, unless they are large.
 *
 * Called by call.c and open.c, and for what Python asks of the program; the thread that makes the call.
 */
#include "client/remote/marshal.h"

#include <errno.h>
#include <stdlib.h>

#define KEPT_COUNT 4096u /* entries of tables that are kept for the next call */
#define TRIM_COUNT 1024u /* blocks of a scope that never ends */
#define TRIM_SIZE (UINT64_C(16) << 20)

static void marshal_free(struct coil_marshal *m)
{
    if (!m)
        return;
    while (m->pieces) {
        struct coil_piece *piece = m->pieces;

        m->pieces = piece->older;
        free(piece);
    }
    coil_arena_deinit(&m->arena);
    free(m->blocks);
    free(m->slots);
    free(m->order);
    free(m->buckets);
    free(m->ranges);
    free(m->roots);
    free(m->lent);
    free(m->reader);
    free(m);
}

/* The call's marshalling, begun if it is not. */
static struct coil_marshal *marshal_of(struct coil_scope *scope, struct coil_error *error)
{
    struct coil_channel *channel = scope->channel;
    struct coil_marshal *m = scope->marshal;

    if (m)
        return m;
    m = channel->spare ? channel->spare : calloc(1, sizeof *m);
    if (!m) {
        coil_error_set(error, -ENOMEM, "no memory for the arguments");
        return NULL;
    }
    channel->spare = NULL;
    m->outer = channel->marshals;
    channel->marshals = m;
    scope->marshal = m;
    return m;
}

/* Stages the blocks from number `first` on, with all that they lead to. */
static int stage(struct coil_walk *walk, struct coil_channel *channel, uint32_t first)
{
    int r = coil_walk_follow(walk, first);

    if (r == 0)
        r = coil_marshal_place(walk, channel, first);
    if (r == 0 && walk->again)
        r = coil_marshal_keep_copies(walk);
    return r == 0 ? coil_marshal_fill(walk, first) : r;
}

/* Drops the blocks of an attempt that failed: they have no places. */
static int drop(struct coil_marshal *m, uint32_t first, int r)
{
    if (r < 0) {
        m->block_count = first;
        m->slot_count = 0;
        coil_walk_forget(m);
    }
    return r;
}

/* Where the program's own arguments are: an address among them is one that Python may have, too. */
static void keep_frame(struct coil_marshal *m, const struct coil_group *group)
{
    m->frame = group->arguments;
    for (uint32_t i = 0; i < group->count; i++)
        if (group->values[i].offset + group->values[i].size > m->frame_size)
            m->frame_size = group->values[i].offset + group->values[i].size;
}

int coil_marshal_out(struct coil_scope *scope, const struct coil_group *group, const void *own, void *frame,
                     struct coil_error *error)
{
    struct coil_walk walk = { .session = scope->channel->session, .group = group, .error = error };
    uint32_t first;
    int r;

    walk.marshal = marshal_of(scope, error);
    if (!walk.marshal)
        return -ENOMEM;
    first = walk.marshal->block_count;
    if (own == group->arguments && !walk.marshal->frame)
        keep_frame(walk.marshal, group);
    if (walk.marshal->reader)
        coil_reader_forget(walk.marshal->reader);
    r = coil_walk_frame(&walk, own, frame);
    if (r == 0)
        r = stage(&walk, scope->channel, first);
    return drop(walk.marshal, first, r);
}

int coil_marshal_add(struct coil_scope *scope, const struct coil_link *link, const struct coil_descriptor_value *value,
                     void *own, uint64_t *ret_staged, struct coil_error *error)
{
    struct coil_walk walk = { .session = scope->channel->session, .error = error };
    const struct coil_block block = { .own = own,
                                      .size = value->size,
                                      .link = link,
                                      .value = value,
                                      .shape = value->shape,
                                      .alias_of = COIL_NO_BLOCK,
                                      .parent = COIL_NO_BLOCK,
                                      .trusted = true,
                                      .in = true,
                                      .back = true };
    uint32_t first, number;
    int r;

    if (coil_shared_room(walk.session, (uint64_t)(uintptr_t)own) >= value->size) {
        *ret_staged = (uint64_t)(uintptr_t)own;
        return 0;
    }
    walk.marshal = marshal_of(scope, error);
    if (!walk.marshal)
        return -ENOMEM;
    first = walk.marshal->block_count;
    if (walk.marshal->reader)
        coil_reader_forget(walk.marshal->reader);
    r = coil_walk_add(&walk, &block, &number);
    if (r == 0)
        r = stage(&walk, scope->channel, first);
    if (r == 0)
        *ret_staged = (uint64_t)(uintptr_t)coil_block_staged(&walk.marshal->blocks[number]);
    return drop(walk.marshal, first, r);
}

/* Back to what the call began with, and what was added to it since: the rest is found again, if it is still there. */
static void keep_roots(struct coil_marshal *m)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < m->block_count; i++) {
        struct coil_block *b = &m->blocks[i];

        if (b->parent != COIL_NO_BLOCK || b->alias_of != COIL_NO_BLOCK || b->lost)
            continue;
        b->range = NULL;
        b->copy = NULL;
        m->blocks[kept++] = *b;
    }
    m->block_count = kept;
    coil_walk_forget(m);
    kept = 0;
    for (uint32_t i = 0; i < m->root_count; i++)
        if (m->roots[i].is_of_call)
            m->roots[kept++] = m->roots[i];
    m->root_count = kept;
    for (struct coil_piece *piece = m->pieces; piece; piece = piece->older)
        for (uint32_t i = 0; i < piece->count; i++)
            piece->ranges[i] = (struct coil_range){ .own = piece->ranges[i].own,
                                                    .size = piece->ranges[i].size,
                                                    .staged = piece->ranges[i].staged };
    if (m->reader)
        coil_reader_forget(m->reader);
}

int coil_marshal_refresh(struct coil_scope *scope, struct coil_error *error)
{
    struct coil_walk walk = { .marshal = scope->marshal,
                              .session = scope->channel->session,
                              .again = true,
                              .detached = scope != scope->channel->scopes,
                              .error = error };
    int r;

    if (!walk.marshal)
        return 0;
    coil_shared_take_back(walk.marshal, walk.session);
    keep_roots(walk.marshal);
    coil_arena_clear(&walk.marshal->arena);
    r = stage(&walk, scope->channel, 0);
    return r < 0 ? drop(walk.marshal, 0, r) : walk.result;
}

int coil_scopes_back(struct coil_channel *channel, struct coil_error *error)
{
    int result = 0, r;

    for (struct coil_scope *scope = channel->scopes; scope; scope = scope->outer) {
        r = coil_marshal_back(scope, false, result < 0 ? NULL : error);
        if (result == 0)
            result = r;
    }
    r = coil_marshal_lend(channel->scopes, false, result < 0 ? NULL : error);
    return result < 0 ? result : r;
}

int coil_scopes_refresh(struct coil_channel *channel, struct coil_error *error)
{
    int result = 0;

    for (struct coil_scope *scope = channel->scopes; scope; scope = scope->outer) {
        int r = coil_marshal_refresh(scope, result < 0 ? NULL : error);

        if (result == 0)
            result = r;
    }
    return result;
}

/* For the channel's next call. */
static void keep(struct coil_channel *channel, struct coil_marshal *m)
{
    if (channel->spare || m->block_room > KEPT_COUNT || m->slot_room > KEPT_COUNT || m->bucket_count > KEPT_COUNT ||
        m->range_room > KEPT_COUNT || m->root_room > KEPT_COUNT || m->lent_room > KEPT_COUNT) {
        marshal_free(m);
        return;
    }
    coil_arena_clear(&m->arena);
    coil_walk_forget(m);
    m->block_count = 0;
    m->slot_count = 0;
    m->range_count = 0;
    m->root_count = 0;
    m->lent_count = 0;
    m->frame = NULL;
    m->frame_size = 0;
    channel->spare = m;
}

void coil_marshal_deinit(struct coil_scope *scope)
{
    struct coil_marshal *m = scope->marshal;

    if (!m)
        return;
    scope->marshal = NULL;
    scope->channel->marshals = m->outer;
    while (m->pieces) {
        struct coil_piece *piece = m->pieces;

        m->pieces = piece->older;
        coil_staging_release(scope->channel, &piece->staged);
        free(piece);
    }
    keep(scope->channel, m);
}

void coil_marshal_trim(struct coil_scope *scope)
{
    uint64_t size = 0;

    if (!scope->marshal)
        return;
    for (const struct coil_piece *piece = scope->marshal->pieces; piece; piece = piece->older)
        size += piece->staged.size;
    if (size <= TRIM_SIZE && scope->marshal->block_count <= TRIM_COUNT)
        return;
    (void)coil_marshal_back(scope, true, NULL);
    coil_marshal_deinit(scope);
}

void coil_marshal_reset(struct coil_channel *channel)
{
    while (channel->marshals) {
        struct coil_marshal *m = channel->marshals;

        channel->marshals = m->outer;
        marshal_free(m);
    }
    marshal_free(channel->spare);
    channel->spare = NULL;
    channel->scopes = NULL;
}
