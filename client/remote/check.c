/*
 * COIL_CHECK: finding Python code that keeps what was lent to it for a call.
 *
 * Copies in staging are gone when the call has returned, and the next call's lie in the same place: a handler that has
 * kept a pointer reads something else there, now and then.  A checked call has its pieces in pages
 * of their own, which are not used again until all others have been, and tells the worker which: that makes them
 * inaccessible before it answers.
 *
 * What is staged while Python asks the program for things is told as long as it is small: it comes from the same zone.
 * One-way calls are not checked: what they lead to travels in their records.
 *
 * Called by call.c and staging.c; the thread that makes the call.
 */
#include "client/remote/remote.h"

#define PAGE 4096u

int coil_check_begin(struct coil_channel *channel, struct coil_check *check, struct coil_error *error)
{
    int r = coil_large_take(channel->session, channel->index, COIL_LARGE_CHECKED, COIL_LARGE_UNIT, &check->zone, error);

    if (r < 0)
        return r;
    coil_check_note(check, check->zone, COIL_LARGE_UNIT);
    check->outer = channel->staging;
    channel->staging = (struct coil_staging){ .base = (uint64_t)(uintptr_t)check->zone,
                                              .size = COIL_LARGE_UNIT,
                                              .populated = COIL_LARGE_UNIT };
    channel->check = check;
    return 0;
}

void coil_check_note(struct coil_check *check, const unsigned char *address, uint64_t size)
{
    uint64_t begin = (uint64_t)(uintptr_t)address;

    for (unsigned i = 0; i < COIL_CHECKED_RANGES; i++) {
        if (check->ranges[i].end)
            continue;
        check->ranges[i] = (struct coil_checked_range){ begin, (begin + size + PAGE - 1) / PAGE * PAGE };
        return;
    }
}

void coil_check_tell(struct coil_channel *channel, const struct coil_check *check, void *payload)
{
    memcpy(payload, check->ranges, COIL_CHECKED_SIZE);
    channel->check = NULL;
}

void coil_check_end(struct coil_channel *channel, struct coil_check *check)
{
    if (!check->zone)
        return;
    channel->check = NULL;
    channel->staging = check->outer;
    coil_large_release(channel->session, check->zone);
}
