/*
 * Finding ranges by the program's addresses.
 *
 * All ranges of a call in one table, sorted by where they begin.  They seldom overlap: only where something has
 * grown while C ran, and its older copy is kept.  So beside each stands where the farthest of those up to it
 * ends: looking backwards from an address stops where nothing can reach it any more, which is nearly always at once.
 *
 * Called by marshal_place.c; the thread that makes the call.
 */
#include "client/remote/marshal.h"

#include <errno.h>
#include <stdlib.h>

/* How many ranges begin before `own`. */
static uint32_t count_before(const struct coil_marshal *m, uint64_t own)
{
    uint32_t low = 0, high = m->range_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (m->ranges[middle].range->own < own)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct coil_range *coil_ranges_find(const struct coil_marshal *m, uint64_t own, uint64_t size)
{
    for (uint32_t i = count_before(m, own + 1); i > 0 && m->ranges[i - 1].reach >= own + size; i--) {
        struct coil_range *range = m->ranges[i - 1].range;

        if (own - range->own <= range->size && size <= range->size - (own - range->own))
            return range;
    }
    return NULL;
}

int coil_ranges_overlapping(const struct coil_marshal *m, uint64_t own, uint64_t size, coil_range_fn *fn,
                            void *argument)
{
    int r = 0;

    for (uint32_t i = count_before(m, own + size); r == 0 && i > 0 && m->ranges[i - 1].reach > own; i--) {
        struct coil_range *range = m->ranges[i - 1].range;

        if (range->own + range->size > own)
            r = fn(argument, range);
    }
    return r;
}

/* Merges a piece's ranges into the table, from the end.  Of two that begin together, the newer one comes last. */
static void merge(struct coil_marshal *m, struct coil_piece *piece)
{
    uint32_t old = m->range_count, fresh = piece->count, at = old + fresh;

    while (fresh > 0) {
        if (old > 0 && m->ranges[old - 1].range->own > piece->ranges[fresh - 1].own)
            m->ranges[--at] = m->ranges[--old];
        else
            m->ranges[--at].range = &piece->ranges[--fresh];
    }
    m->range_count += piece->count;
    for (uint64_t reach = at > 0 ? m->ranges[at - 1].reach : 0; at < m->range_count; at++) {
        const struct coil_range *range = m->ranges[at].range;

        if (range->own + range->size > reach)
            reach = range->own + range->size;
        m->ranges[at].reach = reach;
    }
}

int coil_ranges_add(struct coil_marshal *m, struct coil_piece *piece, struct coil_error *error)
{
    uint64_t need = (uint64_t)m->range_count + piece->count;
    uint64_t room = 2 * (uint64_t)m->range_room > need ? 2 * (uint64_t)m->range_room : need;

    if (need > m->range_room) {
        void *grown = room <= UINT32_MAX ? realloc(m->ranges, room * sizeof *m->ranges) : NULL;

        if (!grown)
            return coil_error_set(error, -ENOMEM, "no memory for the arguments");
        m->ranges = grown;
        m->range_room = (uint32_t)room;
    }
    merge(m, piece);
    return 0;
}
