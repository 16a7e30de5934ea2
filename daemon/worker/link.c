/*
 * The link to the supervisor: its messages, one after the other.
 *
 * The main thread lives here, without Python.  It opens and closes sessions and
 * starts channels; it never waits for a handler.  When the supervisor has
 * gone, so does the worker.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "daemon/worker/worker.h"
#include "proto/cleanup.h"
#include "proto/version.h"
#include "proto/wire.h"

/* Between wake-ups of channels that have not seen yet that their session closes; a handler may hold one up for long. */
#define REAP_INTERVAL_MS 5
#define REAP_INTERVAL_MAX_MS 1000

static int answer(struct coil_wire *link, uint64_t request, int result, const struct coil_error *error)
{
    struct coil_message message = { .type = COIL_MESSAGE_DONE, .request = request };

    if (result < 0) {
        message.type = COIL_MESSAGE_FAILED;
        message.code = result == -ENOMEM || result == -ENOSPC ? COIL_REFUSED_LIMIT : COIL_REFUSED_OTHER;
        message.text = error->text;
    }
    return coil_wire_send(link, &message, NULL, NULL);
}

static int handle(struct coil_wire *link, const struct coil_wire_message *received)
{
    const struct coil_message *m = &received->message;
    struct coil_error error = { 0 };
    int r;

    switch (m->type) {
    case COIL_MESSAGE_HEAP:
        r = coil_heap_open(m->heap, received->fds[0], &error);
        break;
    case COIL_MESSAGE_LOAD:
        r = coil_modules_add(m->hash, m->descriptor.data, m->descriptor.size, &error);
        break;
    case COIL_MESSAGE_REFUSE:
        r = coil_modules_refuse(m->hash, m->function, m->text, &error);
        break;
    case COIL_MESSAGE_SESSION:
        r = coil_session_open(m, received->fds, &error);
        break;
    case COIL_MESSAGE_CHANNEL:
        r = coil_session_channel(m->session, m->channel, &error);
        break;
    case COIL_MESSAGE_REGION:
        r = coil_session_region(m->session, m->base, m->size, received->fds[0], &error);
        break;
    case COIL_MESSAGE_CLOSE:
        r = coil_session_close(m->session, m->request, &error);
        if (r == 0)
            return 0; /* answered when it has been carried out */
        break;
    default:
        r = coil_error_set(&error, -EPROTO, "a worker does not understand '%s'", coil_message_name(m->type));
    }
    return answer(link, m->request, r, &error);
}

/* Handles all messages that have come.  Negative: the supervisor has gone. */
static int receive(struct coil_wire *link)
{
    for (;;) {
        COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message message = COIL_WIRE_MESSAGE_INIT;
        struct coil_error error = { 0 };
        int r = coil_wire_receive(link, &message, &error);

        if (r == -EAGAIN)
            return 0;
        if (r == -EBADMSG)
            fprintf(stderr, "coil-worker: %s\n", error.text);
        if (r == 0)
            r = handle(link, &message);
        if (r < 0)
            return r;
    }
}

static int reap(struct coil_wire *link, bool *ret_closing)
{
    uint64_t request;
    int r = 0;

    while (r == 0 && coil_sessions_reap(&request, ret_closing))
        r = answer(link, request, 0, NULL);
    return r;
}

int coil_link_serve(int fd)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *link = NULL;
    const struct coil_message ready = { .type = COIL_MESSAGE_READY,
                                        .protocol = COIL_PROTOCOL,
                                        .version = COIL_VERSION };
    int interval_ms = REAP_INTERVAL_MS;
    bool closing = false;
    int r;

    r = coil_wire_new(fd, &link);
    if (r == 0)
        r = coil_wire_send(link, &ready, NULL, NULL);
    while (r == 0) {
        struct pollfd poll_link = { .fd = coil_wire_fd(link), .events = POLLIN };

        if (coil_wire_pending(link))
            poll_link.events |= POLLOUT;
        r = poll(&poll_link, 1, closing ? interval_ms : -1);
        if (r < 0 && errno != EINTR)
            return 1;
        interval_ms = r != 0                                   ? REAP_INTERVAL_MS
                      : interval_ms * 2 < REAP_INTERVAL_MAX_MS ? interval_ms * 2
                                                               : REAP_INTERVAL_MAX_MS;
        if (poll_link.revents & POLLOUT && coil_wire_flush(link) == -EPIPE)
            break;
        r = receive(link);
        if (r == 0)
            r = reap(link, &closing);
    }
    return 0;
}
