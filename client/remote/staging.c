/*
 * A channel's own piece of the staging area, used as a stack without any lock; what does not fit there comes
 * from the session's large blocks (large.c).  All bookkeeping is in private memory: the
 * worker can write the bytes, not the metadata.
 *
 * Memory is populated before it is used, so that a full machine is an error value
 * and not SIGBUS.
 */
#include "client/remote/remote.h"

#include <sys/mman.h>

#include <errno.h>

#define POPULATE_STEP 32768u
#define FROM_LARGE UINT32_MAX

static uint64_t round_up(uint64_t size, uint64_t unit)
{
    return (size + unit - 1) / unit * unit;
}

int coil_staging_populate(unsigned char *address, uint64_t size, struct coil_error *error)
{
    if (coil_memory_is_available(size) && (madvise(address, size, MADV_POPULATE_WRITE) == 0 || errno == EINVAL))
        return 0;
    return coil_error_set(error, -ENOMEM, "no memory for %llu bytes of arguments", (unsigned long long)size);
}

void coil_staging_init(struct coil_channel *channel)
{
    channel->staging = (struct coil_staging){ .base = channel->session->base + COIL_STAGING_OFFSET +
                                                      (uint64_t)channel->index * COIL_STAGING_PER_CHANNEL,
                                              .size = COIL_STAGING_PER_CHANNEL };
}

int coil_staging_take_detached(struct coil_channel *channel, uint64_t size, struct coil_staged *ret_staged,
                               struct coil_error *error)
{
    enum coil_large_area area = channel->check ? COIL_LARGE_CHECKED : COIL_LARGE_ANY;
    int r = coil_large_take(channel->session, channel->index, area, size, &ret_staged->address, error);

    ret_staged->mark = FROM_LARGE;
    ret_staged->size = size;
    if (r == 0 && channel->check)
        coil_check_note(channel->check, ret_staged->address, size);
    return r;
}

int coil_staging_take(struct coil_channel *channel, uint64_t size, struct coil_staged *ret_staged,
                      struct coil_error *error)
{
    struct coil_staging *s = &channel->staging;
    uint32_t need;

    if (size > s->size - s->used)
        return coil_staging_take_detached(channel, size, ret_staged, error);
    need = s->used + (uint32_t)round_up(size, COIL_LINE);
    if (need > s->size)
        need = s->size;
    if (need > s->populated) {
        uint32_t to = (uint32_t)round_up(need, POPULATE_STEP);
        int r = coil_staging_populate((unsigned char *)(uintptr_t)(s->base + s->populated), to - s->populated, error);

        if (r < 0)
            return r;
        s->populated = to;
    }
    *ret_staged = (struct coil_staged){ (unsigned char *)(uintptr_t)(s->base + s->used), size, s->used };
    s->used = need;
    return 0;
}

void coil_staging_release(struct coil_channel *channel, const struct coil_staged *staged)
{
    if (!staged->address)
        return;
    if (staged->mark == FROM_LARGE)
        coil_large_release(channel->session, staged->address);
    else
        channel->staging.used = staged->mark;
}

void coil_staging_reset(struct coil_channel *channel)
{
    channel->check = NULL;
    coil_staging_init(channel);
    coil_large_reset(channel->session, channel->index);
}
