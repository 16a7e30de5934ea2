/*
 * A session's shared memory and its address.
 *
 * Purpose: what is certain to be used of the memory is reserved when it is made; the rest
 * is sparse and costs nothing until it is written.
 *
 * Addresses are drawn at random.  A slot is free again only when the worker has
 * covered the old memory, or is dead: until then Python may still look there.
 *
 * Called by attach.c and worker.c, main thread.
 */
#include "daemon/supervisor/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/supervisor/client.h"
#include "daemon/supervisor/death.h"
#include "daemon/supervisor/measure.h"
#include "daemon/supervisor/memory.h"
#include "daemon/supervisor/move.h"
#include "daemon/supervisor/quota.h"
#include "daemon/supervisor/server.h"
#include "proto/cleanup.h"
#include "proto/fault.h"

#define CONTROL_PAGE_SIZE 4096u

static const struct {
    const char *name;
    uint64_t size;
} memories[COIL_MEMORY_COUNT] = {
    [COIL_MEMORY_REQUESTS] = { "coil-requests", COIL_REQUESTS_SIZE },
    [COIL_MEMORY_REPLIES] = { "coil-replies", COIL_REPLIES_SIZE },
    [COIL_MEMORY_STAGING] = { "coil-staging", COIL_STAGING_SIZE },
    [COIL_MEMORY_HEAP] = { "coil-copies", COIL_HEAP_SIZE },
};

static int draw_window(struct coil_windows *windows, unsigned *ret_window, struct coil_error *error)
{
    unsigned start;

    if (windows->count == COIL_WINDOW_COUNT)
        return coil_error_set(error, -ENOSPC, "all %u sessions are taken", COIL_WINDOW_COUNT);
    if (getrandom(&start, sizeof start, 0) != sizeof start)
        return coil_error_set(error, -EIO, "cannot draw a random address: %s", strerror(errno));
    for (unsigned i = 0; i < COIL_WINDOW_COUNT; i++) {
        unsigned window = (start % COIL_WINDOW_COUNT + i) % COIL_WINDOW_COUNT;

        if (windows->taken[window])
            continue;
        windows->taken[window] = true;
        windows->count++;
        *ret_window = window;
        return 0;
    }
    return coil_error_set(error, -ENOSPC, "all %u sessions are taken", COIL_WINDOW_COUNT);
}

static int reserve(int fd, size_t offset, size_t size, struct coil_error *error)
{
    int r;

    do
        r = fallocate(fd, 0, (off_t)offset, (off_t)size);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return coil_error_set(error, -errno, "no room left in shared memory for a session: %s", strerror(errno));
    return 0;
}

int coil_session_reserve_channel(struct coil_session *session, unsigned channel, struct coil_error *error)
{
    const size_t page_mask = ~(size_t)(CONTROL_PAGE_SIZE - 1);
    const struct {
        enum coil_memory memory;
        size_t offset;
        size_t size;
    } parts[] = {
        { COIL_MEMORY_REQUESTS, COIL_REQUESTS_CONTROL(channel) & page_mask, CONTROL_PAGE_SIZE },
        { COIL_MEMORY_REPLIES, COIL_REPLIES_CONTROL(channel) & page_mask, CONTROL_PAGE_SIZE },
        { COIL_MEMORY_REQUESTS, COIL_REQUESTS_RING(channel), COIL_RING_RESERVED },
        { COIL_MEMORY_REPLIES, COIL_REPLIES_RING(channel), COIL_RING_RESERVED },
    };

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        int r = reserve(session->memory[parts[i].memory], parts[i].offset, parts[i].size, error);

        if (r < 0)
            return r;
    }
    if (channel >= session->channels_end)
        session->channels_end = channel + 1;
    return 0;
}

static void close_memory(struct coil_session *session)
{
    for (unsigned i = 0; i < COIL_MEMORY_COUNT; i++)
        coil_fd_close(&session->memory[i]);
}

/* Programs of several users in one worker must not see each other's objects. */
static bool has_own_heap(const struct coil_worker *worker)
{
    return worker->server->is_system && !coil_environment_is_private(worker->environment);
}

int coil_session_heap(const struct coil_session *session)
{
    return session->memory[COIL_MEMORY_HEAP] >= 0 ? session->memory[COIL_MEMORY_HEAP] : session->worker->heap.fd;
}

int coil_session_new(struct coil_worker *worker, struct coil_client *client, pid_t pid,
                     struct coil_session **ret_session, struct coil_error *error)
{
    struct coil_server *server = worker->server;
    struct coil_session *session = calloc(1, sizeof *session);
    struct coil_quota *quota;
    int r;

    if (!session)
        return coil_error_set(error, -ENOMEM, "no memory for a session");
    for (unsigned i = 0; i < COIL_MEMORY_COUNT; i++)
        session->memory[i] = -1;
    r = coil_quota_take(server, client->uid, COIL_QUOTA_SESSIONS, &quota, error);
    if (r < 0) {
        free(session);
        return r;
    }
    r = draw_window(&server->windows, &session->window, error);
    if (r < 0) {
        coil_quota_give(server, quota, COIL_QUOTA_SESSIONS, 1);
        free(session);
        return r;
    }
    session->worker = worker;
    session->client = client;
    session->pid = pid;
    session->number = ++server->last_session;
    session->quota = quota;
    coil_worker_hold(worker);
    TAILQ_INSERT_TAIL(&worker->sessions, session, link);
    for (unsigned i = 0; i < COIL_MEMORY_COUNT && r == 0; i++)
        if (i != COIL_MEMORY_HEAP || has_own_heap(worker))
            r = coil_memory_make(memories[i].name, memories[i].size, "a session", &session->memory[i], error);
    if (r == 0)
        r = coil_session_take_channel(session, 0, error);
    if (r == 0)
        r = coil_session_reserve_channel(session, 0, error);
    if (r == 0)
        r = reserve(session->memory[COIL_MEMORY_REPLIES], COIL_REPLIES_ERROR_VALUES,
                    COIL_ERROR_VALUES_RESERVED, error);
    if (r < 0) {
        coil_session_free(session);
        return r;
    }
    *ret_session = session;
    return 0;
}

int coil_session_take_channel(struct coil_session *session, unsigned channel, struct coil_error *error)
{
    struct coil_quota *quota;

    while (session->quota_channels <= channel) {
        int r = coil_quota_take(session->worker->server, session->quota->uid, COIL_QUOTA_CHANNELS, &quota, error);

        if (r < 0)
            return r;
        session->quota_channels++;
    }
    return 0;
}

/* The user is known for as long as the session is counted, so the session is the last. */
static void give_quota_back(struct coil_session *session)
{
    struct coil_server *server = session->worker->server;

    if (session->quota_channels)
        coil_quota_give(server, session->quota, COIL_QUOTA_CHANNELS, session->quota_channels);
    coil_quota_give(server, session->quota, COIL_QUOTA_SESSIONS, 1);
}

void coil_session_free(struct coil_session *session)
{
    struct coil_windows *windows = &session->worker->server->windows;

    coil_await_cancel(&session->close);
    session->worker->calls_before += coil_measure_session_calls(session);
    give_quota_back(session);
    windows->taken[session->window] = false;
    windows->count--;
    close_memory(session);
    TAILQ_REMOVE(&session->worker->sessions, session, link);
    coil_worker_release(session->worker);
    free(session);
}

/* Dead or done, or no such session any more: in every case the worker has no use for the address. */
static void close_answered(struct coil_await *await, const struct coil_message *answer)
{
    struct coil_session *session =
        (struct coil_session *)(void *)((char *)await - offsetof(struct coil_session, close));

    (void)answer;
    COIL_FAULT("session.closed");
    coil_session_free(session);
}

void coil_session_close(struct coil_session *session)
{
    struct coil_message message = { .type = COIL_MESSAGE_CLOSE, .session = session->number };

    session->client = NULL;
    coil_death_look(session);
    /* What its channels still do, they say in `replies`: death.c. */
    coil_fd_close(&session->memory[COIL_MEMORY_REQUESTS]);
    coil_fd_close(&session->memory[COIL_MEMORY_STAGING]);
    coil_fd_close(&session->memory[COIL_MEMORY_HEAP]);
    coil_move_forget(session);
    coil_await_cancel(&session->close);
    if (!session->offered) {
        coil_session_free(session);
        return;
    }
    coil_worker_ask(session->worker, &message, NULL, &session->close, close_answered);
    coil_worker_consider(session->worker);
}

/* The program finds its connection closed when it calls again, and attaches anew. */
static void drain_answered(struct coil_await *await, const struct coil_message *answer)
{
    struct coil_session *session =
        (struct coil_session *)(void *)((char *)await - offsetof(struct coil_session, close));
    struct coil_client *client = session->client;

    (void)answer;
    COIL_FAULT("session.drained");
    client->session = NULL;
    coil_session_free(session);
    coil_client_close(client);
}

void coil_session_drain(struct coil_session *session)
{
    struct coil_message message = { .type = COIL_MESSAGE_DRAIN, .session = session->number };

    if (session->draining || !session->client)
        return;
    coil_move_forget(session);
    session->draining = true;
    coil_worker_ask(session->worker, &message, NULL, &session->close, drain_answered);
}

uint64_t coil_session_base(const struct coil_session *session)
{
    return COIL_RANGE_BEGIN + session->window * COIL_WINDOW_STRIDE;
}
