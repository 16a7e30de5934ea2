/*
 * Showing regions of coil_alloc() to a worker.
 *
 * The first pointer into a region that crosses in a session sends the region's fd to the daemon, which looks
 * at it and hands it on to the worker, which maps it where it is mapped here.  What a worker
 * could not map (another program has something there, or there are too many) is staged like any
 * other memory; the session remembers which.  The next worker is asked afresh.
 *
 * Called by shared.c, any thread; with the session's lock in here.
 */
#include <errno.h>
#include <stdlib.h>

#include "client/memory.h"
#include "proto/cleanup.h"
#include "proto/fault.h"

#define TIMEOUT_MS 30000 /* for the daemon's answer */

/* Asks the daemon.  Negative: it could not be asked, which says nothing about the region. */
static int show(struct coil_session *session, const struct coil_region *region, bool *ret_shown)
{
    const struct coil_message request = { .type = COIL_MESSAGE_REGION,
                                          .request = ++session->requests,
                                          .session = session->number,
                                          .base = region->base,
                                          .size = region->size };
    COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message reply = COIL_WIRE_MESSAGE_INIT;
    struct coil_error error;
    int r;

    *ret_shown = false;
    if (region->memory.fd < 0 || !coil_own_fd_check(&region->memory)) /* private, or closed by the program */
        return 0;
    if (!session->wire || coil_session_is_cut_off(session)) /* without one: a forked child's, for its parent's calls */
        return -EPIPE;
    r = coil_wire_call(session->wire, &request, &region->memory.fd, &reply, TIMEOUT_MS, &error);
    if (r < 0)
        return r;
    *ret_shown = reply.message.type == COIL_MESSAGE_DONE;
    COIL_FAULT("region.shown");
    return 0;
}

/* What the session knows of the region; NULL: nothing. */
static const struct coil_session_region *find(const struct coil_session *session, uint64_t base)
{
    for (size_t i = 0; i < session->region_count; i++)
        if (session->regions[i].base == base)
            return &session->regions[i];
    return NULL;
}

/* Does the worker see the region?  Asks it, if that is not known. */
static bool is_shown(struct coil_session *session, const struct coil_region *region)
{
    const struct coil_session_region *known = find(session, region->base);
    struct coil_session_region *grown;
    bool shown;

    if (known)
        return known->shown;
    grown = realloc(session->regions, (session->region_count + 1) * sizeof *grown);
    if (!grown)
        return false;
    session->regions = grown;
    if (show(session, region, &shown) < 0)
        return false;
    session->regions[session->region_count++] = (struct coil_session_region){ region->base, shown };
    return shown;
}

uint64_t coil_regions_room(struct coil_session *session, uint64_t address)
{
    struct coil_region region;
    bool shown;
    int cancel;

    if (!coil_memory_region(address, &region))
        return 0;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel); /* a lock is held */
    (void)pthread_mutex_lock(&session->lock);
    shown = is_shown(session, &region);
    (void)pthread_mutex_unlock(&session->lock);
    (void)pthread_setcancelstate(cancel, NULL);
    return shown ? region.base + region.size - address : 0;
}
