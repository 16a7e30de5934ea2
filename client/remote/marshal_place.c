/*
 * Gives blocks their places in staging, and fills them.
 *
 * Sorted by address, blocks that overlap become one range, so that two pointers to the same thing lead to the same
 * thing in Python too, and a pointer into the middle leads into the middle.  A block whose memory was
 * staged before keeps its place.  Between two ranges there is a gap: the address one past the
 * end of one is never the beginning of another.
 *
 * What Python may change is kept in a snapshot, which is exactly what was put into staging, pointers included: so
 * that what differs later is what Python has changed.
 *
 * Called by marshal.c; the thread that makes the call.
 */
#include "client/remote/marshal.h"

#include <errno.h>
#include <stdlib.h>

#define ALIGNMENT 16u       /* of small ranges */
#define LARGE_ALIGNMENT 64u /* of those that may be arrays somebody computes with */
#define LARGE 256u
#define CACHED 16384u /* bytes that are sure to be in the cache a moment later */

static uint64_t address_of(const struct coil_block *b)
{
    return (uint64_t)(uintptr_t)b->own;
}

static int by_address(const void *a, const void *b, void *blocks)
{
    const struct coil_block *x = (const struct coil_block *)blocks + *(const uint32_t *)a;
    const struct coil_block *y = (const struct coil_block *)blocks + *(const uint32_t *)b;

    if (x->own != y->own)
        return x->own < y->own ? -1 : 1;
    return x->size == y->size ? 0 : x->size > y->size ? -1 : 1; /* the larger one first: the others lie in it */
}

/* The blocks that need a place, in the order of their addresses.  Negative: -ENOMEM. */
static int64_t sort(struct coil_marshal *m, uint32_t first, struct coil_error *error)
{
    uint32_t count = 0;
    bool sorted = true;

    if (m->block_count > m->order_room) {
        uint32_t *grown = realloc(m->order, m->block_room * sizeof *grown);

        if (!grown)
            return coil_error_set(error, -ENOMEM, "no memory for the arguments");
        m->order = grown;
        m->order_room = m->block_room;
    }
    for (uint32_t i = first; i < m->block_count; i++) {
        struct coil_block *b = &m->blocks[i];

        if (b->lost || b->range)
            continue;
        b->range = coil_ranges_find(m, address_of(b), b->size);
        if (b->range) {
            b->range->blocks++;
            continue;
        }
        if (count > 0 && by_address(&m->order[count - 1], &i, m->blocks) > 0)
            sorted = false;
        m->order[count++] = i;
    }
    if (!sorted)
        qsort_r(m->order, count, sizeof *m->order, by_address, m->blocks);
    return count;
}

/* Sweeps over the sorted blocks: makes ranges of those that overlap, and lays them side by side.  Returns the size. */
static uint64_t lay_out(const struct coil_marshal *m, uint32_t count, struct coil_piece *piece)
{
    uint64_t end = 0, at = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct coil_block *b = &m->blocks[m->order[i]];
        struct coil_range *range = piece->count ? &piece->ranges[piece->count - 1] : NULL;

        /* What has no size and lies at an end belongs to what ends there. */
        if (!range || address_of(b) > range->own + range->size ||
            (address_of(b) == range->own + range->size && b->size > 0)) {
            range = &piece->ranges[piece->count++];
            *range = (struct coil_range){ .own = address_of(b), .size = b->size };
        } else if (address_of(b) + b->size > range->own + range->size) {
            range->size = address_of(b) + b->size - range->own;
        }
        b->range = range;
        range->blocks++;
    }
    for (uint32_t i = 0; i < piece->count; i++) {
        struct coil_range *range = &piece->ranges[i];
        uint64_t alignment = range->size >= LARGE ? LARGE_ALIGNMENT : ALIGNMENT;

        /* The same misalignment as in the program, so that aligned things stay aligned. */
        at = (end + alignment - 1) / alignment * alignment + range->own % alignment;
        range->staged = (unsigned char *)(uintptr_t)at; /* relative, for now */
        end = at + range->size + 1;
    }
    return end;
}

int coil_marshal_place(struct coil_walk *walk, struct coil_channel *channel, uint32_t first)
{
    struct coil_marshal *m = walk->marshal;
    struct coil_error *error = walk->error;
    int64_t count = sort(m, first, error);
    struct coil_piece *piece;
    uint64_t size;
    int r;

    if (count <= 0)
        return (int)count;
    piece = calloc(1, sizeof *piece + (size_t)count * sizeof *piece->ranges);
    if (!piece)
        return coil_error_set(error, -ENOMEM, "no memory for the arguments");
    size = lay_out(m, (uint32_t)count, piece);
    r = walk->detached ? coil_staging_take_detached(channel, size, &piece->staged, error)
                       : coil_staging_take(channel, size, &piece->staged, error);
    if (r == 0) {
        r = coil_ranges_add(m, piece, error);
        if (r < 0)
            coil_staging_release(channel, &piece->staged);
    }
    if (r < 0) {
        for (int64_t i = 0; i < count; i++)
            m->blocks[m->order[i]].range = NULL;
        free(piece);
        return r;
    }
    for (uint32_t i = 0; i < piece->count; i++)
        piece->ranges[i].staged = piece->staged.address + (uintptr_t)piece->ranges[i].staged;
    piece->older = m->pieces;
    m->pieces = piece;
    return 0;
}

/* ---- older copies ---- */

/* A block that has been placed. */
struct placed {
    struct coil_walk *walk;
    uint32_t number;
};

/* The part of the block that lies in an older range, in whole elements, as a block of its own. */
static int keep_copy(void *argument, struct coil_range *range)
{
    const struct placed *placed = argument;
    struct coil_block copy = placed->walk->marshal->blocks[placed->number];
    uint64_t begin = address_of(&copy), end = begin + copy.size;
    uint64_t element = copy.shape ? coil_image_shapes(copy.link->image)[copy.shape - 1].size : 1;

    if (range == copy.range)
        return 0;
    if (begin < range->own)
        begin += (range->own - begin + element - 1) / element * element;
    if (end > range->own + range->size)
        end = range->own + range->size;
    if (begin >= end || end - begin < element)
        return 0;
    copy.own = (unsigned char *)(uintptr_t)begin;
    copy.size = (end - begin) / element * element;
    copy.range = range;
    copy.alias_of = placed->number;
    copy.copy = NULL;
    return coil_walk_append(placed->walk, &copy);
}

int coil_marshal_keep_copies(struct coil_walk *walk)
{
    struct coil_marshal *m = walk->marshal;
    uint32_t count = m->block_count;
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < count; i++) {
        struct placed placed = { walk, i };

        if (!m->blocks[i].lost && m->blocks[i].size > 0)
            r = coil_ranges_overlapping(m, address_of(&m->blocks[i]), m->blocks[i].size, keep_copy, &placed);
    }
    return r;
}

/* ---- filling ---- */

/* A snapshot where changes of what is sent may come back; a block that is a range by itself has it already. */
static int make_snapshots(struct coil_marshal *m, uint32_t first, struct coil_error *error)
{
    for (uint32_t i = first; i < m->block_count; i++) {
        struct coil_block *b = &m->blocks[i];

        if (b->lost || !b->in || b->range->snapshot || b->alias_of != COIL_NO_BLOCK)
            continue;
        if (b->copy && b->size == b->range->size)
            b->range->snapshot = b->copy;
        else if (b->back)
            b->range->snapshot = coil_arena_take(&m->arena, b->range->size);
        if (b->back && !b->range->snapshot)
            return coil_error_set(error, -ENOMEM, "no memory for the arguments");
    }
    return 0;
}

/* Where a block is put together: in the snapshot, if there is one, so that both are the same. */
static unsigned char *target_of(const struct coil_block *b)
{
    unsigned char *snapshot = coil_block_snapshot(b);

    return snapshot ? snapshot : coil_block_staged(b);
}

/* Copies an argument; into both places at once, as long as the bytes are in the nearest cache. */
static void copy_argument(const struct coil_block *b)
{
    unsigned char *snapshot = coil_block_snapshot(b), *staged = coil_block_staged(b);

    if (!snapshot)
        memcpy(staged, b->own, b->size);
    for (uint64_t at = 0; snapshot && at < b->size; at += CACHED) {
        uint64_t size = b->size - at < CACHED ? b->size - at : CACHED;

        memcpy(snapshot + at, b->own + at, size);
        if (b->range->blocks == 1)
            memcpy(staged + at, snapshot + at, size);
    }
}

/* Is what was read in staging already? */
static bool is_copied(const struct coil_walk *walk, const struct coil_block *b)
{
    return !b->range->snapshot || (b->trusted && !b->shape && b->range->blocks == 1 && !walk->again);
}

/* Reads what has no pointers in it: the program's bytes are read once. */
static int read_flat(struct coil_walk *walk, uint32_t first)
{
    struct coil_marshal *m = walk->marshal;
    struct coil_reader *reader = NULL;

    for (uint32_t i = first; i < m->block_count; i++) {
        struct coil_block *b = &m->blocks[i];

        if (b->lost || !b->in || b->shape || b->alias_of != COIL_NO_BLOCK)
            continue;
        if (b->trusted && !walk->again) {
            copy_argument(b);
            continue;
        }
        reader = coil_marshal_reader(m, walk->error);
        if (!reader)
            return -ENOMEM;
        coil_reader_read(reader, b->own, b->size, target_of(b), &b->lost);
    }
    if (reader)
        coil_reader_flush(reader);
    for (uint32_t i = first; reader && i < m->block_count; i++) {
        int r =
            m->blocks[i].lost && !m->blocks[i].shape ? coil_walk_lost(walk, i) : 0; /* aliases: as their originals */

        if (r < 0)
            return r;
    }
    return 0;
}

/* Writes the pointers, now that it is known where they lead. */
static void write_slots(struct coil_marshal *m)
{
    for (uint32_t i = 0; i < m->slot_count; i++) {
        const struct coil_slot *slot = &m->slots[i];
        const struct coil_block *target = slot->target == COIL_NO_BLOCK ? NULL : &m->blocks[slot->target];
        uint64_t value = !target ? slot->value : target->lost ? 0 : (uint64_t)(uintptr_t)coil_block_staged(target);

        if (slot->block == COIL_NO_BLOCK)
            memcpy((void *)(uintptr_t)slot->at, &value, sizeof value);
        else if (!m->blocks[slot->block].lost)
            memcpy(target_of(&m->blocks[slot->block]) + slot->at, &value, sizeof value);
    }
    m->slot_count = 0;
}

/* Copies of what has just been filled. */
static int fill_copies(struct coil_marshal *m, struct coil_error *error)
{
    for (uint32_t i = 0; i < m->block_count; i++) {
        struct coil_block *b = &m->blocks[i];
        const struct coil_block *original;
        const unsigned char *now;

        if (b->alias_of == COIL_NO_BLOCK)
            continue;
        original = &m->blocks[b->alias_of];
        b->lost = original->lost;
        if (b->lost)
            continue;
        now = target_of(original) + (b->own - original->own);
        if (b->back && !b->range->snapshot)
            b->range->snapshot = coil_arena_take(&m->arena, b->range->size);
        if (b->back && !b->range->snapshot)
            return coil_error_set(error, -ENOMEM, "no memory for the arguments");
        memcpy(coil_block_staged(b), now, b->size);
        if (b->back)
            memcpy(coil_block_snapshot(b), now, b->size);
    }
    return 0;
}

int coil_marshal_fill(struct coil_walk *walk, uint32_t first)
{
    struct coil_marshal *m = walk->marshal;
    int r = make_snapshots(m, first, walk->error);

    /* First the zeros: what overlaps both is sent. */
    for (uint32_t i = first; r == 0 && i < m->block_count; i++)
        if (!m->blocks[i].in && !m->blocks[i].lost && m->blocks[i].alias_of == COIL_NO_BLOCK) {
            memset(coil_block_staged(&m->blocks[i]), 0, m->blocks[i].size);
            if (m->blocks[i].range->snapshot)
                memset(coil_block_snapshot(&m->blocks[i]), 0, m->blocks[i].size);
        }
    if (r == 0)
        r = read_flat(walk, first);
    if (r < 0)
        return r;
    for (uint32_t i = first; i < m->block_count; i++) {
        const struct coil_block *b = &m->blocks[i];

        if (!b->lost && b->in && b->copy && target_of(b) != b->copy)
            memcpy(target_of(b), b->copy, b->size);
    }
    write_slots(m);
    for (uint32_t i = first; i < m->block_count; i++) {
        const struct coil_block *b = &m->blocks[i];

        if (!b->lost && !is_copied(walk, b) && b->alias_of == COIL_NO_BLOCK)
            memcpy(coil_block_staged(b), coil_block_snapshot(b), b->size);
    }
    return walk->again ? fill_copies(m, walk->error) : 0;
}
