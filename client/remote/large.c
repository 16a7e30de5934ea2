/*
 * The session's large blocks of staging.
 *
 * What does not fit into a channel's own piece comes from here: whole units, the lowest gap that is large
 * enough.  Putting memory behind a megabyte takes many times as long as copying it, in the program and in the worker,
 * so the memory of a block that is given back stays for the next one, up to a limit.
 *
 * With COIL_CHECK it is the other way round: what is told to the worker comes from an area of its own, in turn, and
 * gives its memory back at once.
 *
 * Called by staging.c, any thread.
 */
#include <sys/mman.h>

#include <errno.h>
#include <stdlib.h>

#include "client/remote/remote.h"

#define BEGIN ((uint64_t)COIL_CHANNELS_MAX * COIL_STAGING_PER_CHANNEL)
#define UNIT COIL_LARGE_UNIT
#define UNITS COIL_LARGE_UNITS
#define KEPT_UNITS ((64u << 20) / UNIT + 1u) /* an array of 64 MiB, and its bit of room */

#define CHECKED_BEGIN (UNITS / 4)

static_assert(UNITS == (COIL_STAGING_CLIENT_SIZE - BEGIN) / UNIT, "all that the channels leave");

static unsigned char *address_of(const struct coil_session *session, uint32_t unit)
{
    return coil_session_at(session, COIL_STAGING_OFFSET + BEGIN + (uint64_t)unit * UNIT);
}

static bool is_backed(const struct coil_session *session, uint32_t unit)
{
    return session->large_backed[unit / 64] >> unit % 64 & 1;
}

static void set_backed(struct coil_session *session, uint32_t first, uint32_t end, bool backed)
{
    for (uint32_t unit = first; unit < end; unit++) {
        if (is_backed(session, unit) == backed)
            continue;
        session->large_backed[unit / 64] ^= UINT64_C(1) << unit % 64;
        session->large_backed_count += backed ? 1u : UINT32_MAX;
    }
}

/* The lowest gap between two units.  With the session's lock.  False: there is none. */
static bool find(const struct coil_session *session, uint32_t units, uint32_t first, uint32_t end, size_t *ret_index,
                 uint32_t *ret_first)
{
    size_t at;

    for (at = 0; at < session->large_count; at++) {
        const struct coil_large_block *block = &session->large[at];

        if (block->first >= first && block->first - first >= units)
            break;
        if (block->first + block->units > first)
            first = block->first + block->units;
    }
    *ret_index = at;
    *ret_first = first;
    return first <= end && units <= end - first;
}

static bool find_in_area(struct coil_session *session, enum coil_large_area area, uint32_t units, size_t *ret_index,
                         uint32_t *ret_first)
{
    if (area == COIL_LARGE_ANY)
        return find(session, units, 0, session->check ? CHECKED_BEGIN : UNITS, ret_index, ret_first);
    if (session->large_next < CHECKED_BEGIN ||
        !find(session, units, session->large_next, UNITS, ret_index, ret_first)) {
        if (!find(session, units, CHECKED_BEGIN, UNITS, ret_index, ret_first))
            return false;
    }
    session->large_next = *ret_first + units;
    return true;
}

/* Takes the place.  -ENOMEM. */
static int reserve(struct coil_session *session, uint32_t channel, enum coil_large_area area, uint32_t units,
                   uint32_t *ret_first)
{
    struct coil_large_block *grown;
    int r = -ENOMEM;
    size_t at;

    (void)pthread_mutex_lock(&session->lock);
    grown = realloc(session->large, (session->large_count + 1) * sizeof *grown);
    if (grown)
        session->large = grown;
    if (grown && find_in_area(session, area, units, &at, ret_first)) {
        memmove(&grown[at + 1], &grown[at], (session->large_count - at) * sizeof *grown);
        grown[at] = (struct coil_large_block){ *ret_first, units, channel };
        session->large_count++;
        r = 0;
    }
    (void)pthread_mutex_unlock(&session->lock);
    return r;
}

/* The next units of a block that have no memory; false: all have. */
static bool next_unbacked(struct coil_session *session, uint32_t *inout_first, uint32_t *ret_end, uint32_t block_end)
{
    uint32_t first = *inout_first, end;

    (void)pthread_mutex_lock(&session->lock);
    while (first < block_end && is_backed(session, first))
        first++;
    for (end = first; end < block_end && !is_backed(session, end); end++)
        ;
    (void)pthread_mutex_unlock(&session->lock);
    *inout_first = first;
    *ret_end = end;
    return first < block_end;
}

int coil_large_take(struct coil_session *session, uint32_t channel, enum coil_large_area area, uint64_t size,
                    unsigned char **ret_address, struct coil_error *error)
{
    uint32_t units = size < COIL_STAGING_CLIENT_SIZE ? (uint32_t)((size + UNIT - 1) / UNIT) : UNITS + 1;
    uint32_t block, first, end;

    if (reserve(session, channel, area, units ? units : 1, &block) < 0)
        return coil_error_set(error, -ENOMEM, "%llu bytes of arguments do not fit beside those of the calls under way",
                              (unsigned long long)size);
    for (first = block; next_unbacked(session, &first, &end, block + units); first = end) {
        int r = coil_staging_populate(address_of(session, first), (uint64_t)(end - first) * UNIT, error);

        if (r < 0) {
            coil_large_release(session, address_of(session, block));
            return r;
        }
        (void)pthread_mutex_lock(&session->lock);
        set_backed(session, first, end, true);
        (void)pthread_mutex_unlock(&session->lock);
    }
    *ret_address = address_of(session, block);
    return 0;
}

/* Gives back the memory behind the end of a block, as far as there is more than is worth keeping. */
static void shrink(struct coil_session *session, const struct coil_large_block *block)
{
    uint32_t end = block->first + block->units, kept = session->check ? 0 : KEPT_UNITS, surplus, first;

    if (session->large_backed_count <= kept)
        return;
    surplus = session->large_backed_count - kept;
    first = surplus < block->units ? end - surplus : block->first;
    (void)madvise(address_of(session, first), (uint64_t)(end - first) * UNIT, MADV_REMOVE);
    set_backed(session, first, end, false);
}

/* With the session's lock. */
static void drop(struct coil_session *session, size_t index)
{
    shrink(session, &session->large[index]);
    session->large_count--;
    memmove(&session->large[index], &session->large[index + 1],
            (session->large_count - index) * sizeof *session->large);
}

void coil_large_release(struct coil_session *session, const unsigned char *address)
{
    (void)pthread_mutex_lock(&session->lock);
    for (size_t i = 0; i < session->large_count; i++)
        if (address_of(session, session->large[i].first) == address) {
            drop(session, i);
            break;
        }
    (void)pthread_mutex_unlock(&session->lock);
}

void coil_large_reset(struct coil_session *session, uint32_t channel)
{
    for (size_t i = session->large_count; i-- > 0;)
        if (session->large[i].channel == channel)
            drop(session, i);
}
