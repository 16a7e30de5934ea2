/*
 * The link to the supervisor: its messages, one after the other.
 *
 * The main thread lives here, without Python.  It opens and closes sessions and
 * starts channels; it never waits for a handler.  When the supervisor has
 * gone, so does the worker.  Other threads may have something to say, too: under a lock, without waiting.
 */
#include <sys/eventfd.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "daemon/worker/trace.h"
#include "daemon/worker/worker.h"
#include "proto/cleanup.h"
#include "proto/fault.h"
#include "proto/version.h"
#include "proto/wire.h"

/* Between wake-ups of channels that have not seen yet that their session closes; a handler may hold one up for long. */
#define REAP_INTERVAL_MS 5
#define REAP_INTERVAL_MAX_MS 1000

static struct coil_wire *supervisor;                        /* set before there is any other thread */
static pthread_mutex_t sending = PTHREAD_MUTEX_INITIALIZER; /* guards the sending half of it */
static int wake_fd = -1;                                    /* an eventfd, for the link's thread */

/* What cannot be sent at once is sent by the link's thread. */
static int say(const struct coil_message *message)
{
    bool is_pending;
    int r;

    (void)pthread_mutex_lock(&sending);
    r = coil_wire_send(supervisor, message, NULL, NULL);
    is_pending = coil_wire_pending(supervisor);
    (void)pthread_mutex_unlock(&sending);
    if (is_pending)
        coil_link_wake();
    return r;
}

void coil_link_say(const struct coil_message *message)
{
    (void)say(message); /* a supervisor that has gone is noticed by the link's thread */
}

void coil_link_wake(void)
{
    (void)!write(wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
}

static int answer(uint64_t request, int result, const struct coil_error *error)
{
    struct coil_message message = { .type = COIL_MESSAGE_DONE, .request = request };

    if (result < 0) {
        message.type = COIL_MESSAGE_FAILED;
        message.code = result == -ENOMEM || result == -ENOSPC ? COIL_REFUSED_LIMIT : COIL_REFUSED_OTHER;
        message.text = error->text;
    }
    return say(&message);
}

void coil_link_answer(uint64_t request, int result, const struct coil_error *error)
{
    (void)answer(request, result, error);
}

static int handle(const struct coil_wire_message *received)
{
    const struct coil_message *m = &received->message;
    struct coil_error error = { 0 };
    int r;

    switch (m->type) {
    case COIL_MESSAGE_HEAP:
        r = coil_heap_open(m->heap, received->fds[0], &error);
        if (r == 0)
            r = coil_functions_open(m->heap, &error);
        if (r == 0)
            r = coil_tally_open(received->fds[1], &error);
        COIL_FAULT("heap.opened");
        break;
    case COIL_MESSAGE_ADOPT:
        r = coil_worker_host->adopt(m->environment, m->cwd, &error);
        COIL_FAULT("adopted");
        break;
    case COIL_MESSAGE_LOAD:
        r = coil_modules_add(m->hash, m->descriptor.data, m->descriptor.size, &error);
        COIL_FAULT("module.loaded");
        break;
    case COIL_MESSAGE_OPEN:
        r = coil_preload_start(m->hash, m->request, &error);
        if (r == 0)
            return 0; /* answered when the init code has run */
        break;
    case COIL_MESSAGE_REFUSE:
        r = coil_modules_refuse(m->hash, m->function, m->text, &error);
        break;
    case COIL_MESSAGE_SESSION:
        if (coil_watch_has_changed()) {
            r = coil_error_set(&error, -ESTALE, "the Python code has changed");
            break;
        }
        r = coil_session_open(m, received->fds, &error);
        break;
    case COIL_MESSAGE_CHANNEL:
        r = coil_session_channel(m->session, m->channel, &error);
        break;
    case COIL_MESSAGE_REGION:
        r = coil_session_region(m->session, m->base, m->size, received->fds[0], &error);
        break;
    case COIL_MESSAGE_MOVE:
        r = coil_session_move(m->session, m->request, &error);
        if (r == 0)
            return 0; /* answered when it has been carried out, or cannot be */
        break;
    case COIL_MESSAGE_LATE:
        coil_late_look(true);
        return 0;
    case COIL_MESSAGE_WATCH:
        r = coil_trace_start(received->fds[0], &error);
        break;
    case COIL_MESSAGE_UNWATCH:
        coil_trace_stop();
        r = 0;
        break;
    case COIL_MESSAGE_DRAIN:
        r = coil_session_drain(m->session, m->request, &error);
        if (r == 0)
            return 0; /* answered when it has been carried out */
        break;
    case COIL_MESSAGE_CLOSE:
        r = coil_session_close(m->session, m->request, &error);
        if (r == 0)
            return 0; /* answered when it has been carried out */
        break;
    default:
        r = coil_error_set(&error, -EPROTO, "a worker does not understand '%s'", coil_message_name(m->type));
    }
    return answer(m->request, r, &error);
}

/* Handles all messages that have come.  Negative: the supervisor has gone. */
static int receive(void)
{
    for (;;) {
        COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message message = COIL_WIRE_MESSAGE_INIT;
        struct coil_error error = { 0 };
        int r = coil_wire_receive(supervisor, &message, &error);

        if (r == -EAGAIN)
            return 0;
        if (r == -EBADMSG || r == -EMFILE || r == -ENOMEM)
            fprintf(stderr, "coil-worker: %s\n", error.text);
        if (r == 0)
            r = handle(&message);
        if (r < 0)
            return r;
    }
}

static int reap(bool *ret_closing)
{
    uint64_t request;
    int r = 0;

    while (r == 0 && coil_sessions_reap(&request, ret_closing))
        r = answer(request, 0, NULL);
    return r;
}

/* Sends what is pending; true if there is more. */
static bool flush(void)
{
    bool is_pending;

    (void)pthread_mutex_lock(&sending);
    (void)coil_wire_flush(supervisor); /* a supervisor that has gone is noticed by receiving */
    is_pending = coil_wire_pending(supervisor);
    (void)pthread_mutex_unlock(&sending);
    return is_pending;
}

/* Waits for something to do; false if it is only time to look again at sessions that close. */
static bool wait_for_news(int timeout_ms)
{
    struct pollfd news[] = {
        { .fd = coil_wire_fd(supervisor), .events = POLLIN | (flush() ? POLLOUT : 0) },
        { .fd = wake_fd, .events = POLLIN },
    };
    uint64_t count;

    if (poll(news, 2, timeout_ms) <= 0)
        return false;
    if (news[1].revents)
        (void)!read(wake_fd, &count, sizeof count);
    return true;
}

int coil_link_serve(int fd)
{
    const struct coil_message ready = { .type = COIL_MESSAGE_READY,
                                        .protocol = COIL_PROTOCOL,
                                        .version = COIL_VERSION };
    int interval_ms = REAP_INTERVAL_MS, late_ms;
    bool closing = false;
    int r;

    wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    r = wake_fd < 0 ? -errno : coil_wire_new(fd, &supervisor);
    if (r == 0)
        r = say(&ready);
    while (r == 0) {
        late_ms = coil_late_tick();
        if (wait_for_news(closing && (late_ms < 0 || interval_ms < late_ms) ? interval_ms : late_ms))
            interval_ms = REAP_INTERVAL_MS;
        else
            interval_ms = interval_ms * 2 < REAP_INTERVAL_MAX_MS ? interval_ms * 2 : REAP_INTERVAL_MAX_MS;
        r = receive();
        if (r == 0)
            r = reap(&closing);
    }
    return 0;
}
