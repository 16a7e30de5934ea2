/*
 * The client's half of the staging area.
 *
 * Each channel has a piece of its own, used as a stack without any lock; what
 * does not fit there comes from the rest of the half, which the session hands out in
 * whole pages and gives back to the system after the call.  All bookkeeping is
 * in private memory: the worker can write the bytes, not the metadata.
 *
 * Memory is populated before it is used, so that a full machine is an error value
 * and not SIGBUS.
 */
#include "client/remote/remote.h"

#include <sys/mman.h>

#include <errno.h>
#include <stdlib.h>

#define PER_CHANNEL 262144u
#define POPULATE_STEP 32768u
#define LARGE_BEGIN ((uint64_t)COIL_CHANNELS_MAX * PER_CHANNEL)
#define LARGE_SIZE (COIL_STAGING_CLIENT_SIZE - LARGE_BEGIN)
#define PAGE 4096u
#define FROM_LARGE UINT32_MAX

static uint64_t round_up(uint64_t size, uint64_t unit)
{
    return (size + unit - 1) / unit * unit;
}

/* Puts memory behind [address, address + size).  Kernels that cannot are trusted to have enough. */
static int populate(unsigned char *address, uint64_t size, struct coil_error *error)
{
    if (madvise(address, size, MADV_POPULATE_WRITE) == 0 || errno == EINVAL)
        return 0;
    return coil_error_set(error, -ENOMEM, "no memory for %llu bytes of arguments", (unsigned long long)size);
}

void coil_staging_init(struct coil_channel *channel)
{
    channel->staging = (struct coil_staging){ .base = channel->session->base + COIL_STAGING_OFFSET +
                                                      (uint64_t)channel->index * PER_CHANNEL };
}

static void release_large(struct coil_session *session, const struct coil_staged *staged)
{
    uint64_t offset = (uint64_t)(uintptr_t)staged->address - session->base - COIL_STAGING_OFFSET - LARGE_BEGIN;

    if (!atomic_load_explicit(&session->gone, memory_order_relaxed)) /* else it may not be mapped any more */
        (void)madvise(staged->address, staged->size, MADV_REMOVE);   /* gives the memory back */
    (void)pthread_mutex_lock(&session->lock);
    for (size_t i = 0; i < session->large_count; i++) {
        if (session->large[i].offset != offset)
            continue;
        session->large_count--;
        memmove(&session->large[i], &session->large[i + 1], (session->large_count - i) * sizeof *session->large);
        break;
    }
    (void)pthread_mutex_unlock(&session->lock);
}

static int take_large(struct coil_session *session, uint32_t channel, uint64_t size, struct coil_staged *ret_staged,
                      struct coil_error *error)
{
    uint64_t begin = 0;
    size_t at;
    void *grown;
    int r;

    size = round_up(size, PAGE);
    (void)pthread_mutex_lock(&session->lock);
    for (at = 0; at < session->large_count && session->large[at].offset - begin < size; at++)
        begin = session->large[at].offset + session->large[at].size;
    grown = realloc(session->large, (session->large_count + 1) * sizeof *session->large);
    if (grown)
        session->large = grown;
    if (!grown || size > LARGE_SIZE - begin) {
        (void)pthread_mutex_unlock(&session->lock);
        return coil_error_set(error, -ENOMEM, "%llu bytes of arguments do not fit beside those of the calls under way",
                              (unsigned long long)size);
    }
    memmove(&session->large[at + 1], &session->large[at], (session->large_count - at) * sizeof *session->large);
    session->large[at] = (struct coil_large_block){ begin, size, channel };
    session->large_count++;
    (void)pthread_mutex_unlock(&session->lock);

    *ret_staged =
        (struct coil_staged){ coil_session_at(session, COIL_STAGING_OFFSET + LARGE_BEGIN + begin), size, FROM_LARGE };
    r = populate(ret_staged->address, size, error);
    if (r < 0)
        release_large(session, ret_staged);
    return r;
}

int coil_staging_take(struct coil_channel *channel, uint64_t size, struct coil_staged *ret_staged,
                      struct coil_error *error)
{
    struct coil_staging *s = &channel->staging;
    uint32_t need;

    if (size > PER_CHANNEL - s->used)
        return take_large(channel->session, channel->index, size, ret_staged, error);
    need = s->used + (uint32_t)round_up(size, COIL_LINE);
    if (need > PER_CHANNEL)
        need = PER_CHANNEL;
    if (need > s->populated) {
        uint32_t to = (uint32_t)round_up(need, POPULATE_STEP);
        int r = populate((unsigned char *)(uintptr_t)(s->base + s->populated), to - s->populated, error);

        if (r < 0)
            return r;
        s->populated = to;
    }
    *ret_staged = (struct coil_staged){ (unsigned char *)(uintptr_t)(s->base + s->used), size, s->used };
    s->used = need;
    return 0;
}

int coil_staging_take_detached(struct coil_channel *channel, uint64_t size, struct coil_staged *ret_staged,
                               struct coil_error *error)
{
    return take_large(channel->session, channel->index, size, ret_staged, error);
}

void coil_staging_release(struct coil_channel *channel, const struct coil_staged *staged)
{
    if (!staged->address)
        return;
    if (staged->mark == FROM_LARGE)
        release_large(channel->session, staged);
    else
        channel->staging.used = staged->mark;
}

void coil_staging_reset(struct coil_channel *channel)
{
    struct coil_session *session = channel->session;
    size_t kept = 0;

    channel->staging.used = 0;
    for (size_t i = 0; i < session->large_count; i++) {
        if (session->large[i].channel != channel->index)
            session->large[kept++] = session->large[i];
        else
            (void)madvise(coil_session_at(session, COIL_STAGING_OFFSET + LARGE_BEGIN + session->large[i].offset),
                          session->large[i].size, MADV_REMOVE);
    }
    session->large_count = kept;
}
