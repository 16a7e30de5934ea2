/*
 * A worker's process, and the conversation with it.
 *
 * Purpose: start it, talk to it, know for certain when it is dead.  Only the pidfd
 * tells that: a worker whose socket has closed may run on and still write
 * into memory that clients read.  So a broken link leads to SIGKILL, and everything
 * that follows from a death happens in died(), once the pidfd is readable.
 *
 * The link is a raw socketpair watched by uv_poll, because libuv's pipes cannot pass
 * memfds.  libuv reaps the process; until that has happened the structure stays.
 *
 * Called by attach.c, session.c and server.c; main thread.  A worker frees
 * itself after its death when all its handles are closed.
 */
#include "daemon/supervisor/worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/supervisor/client.h"
#include "daemon/supervisor/death.h"
#include "daemon/supervisor/log.h"
#include "daemon/supervisor/memory.h"
#include "daemon/supervisor/module.h"
#include "daemon/supervisor/server.h"
#include "daemon/supervisor/session.h"
#include "daemon/supervisor/trace.h"
#include "proto/cleanup.h"
#include "proto/fault.h"
#include "proto/probe.h"
#include "proto/version.h"

#define LINK_FD 3
#define START_TIMEOUT_MS 60000
#define LEAVE_TIMEOUT_MS 2000

static void died(struct coil_worker *worker);

/* ---- the end ---- */

static void free_if_closed(struct coil_worker *worker)
{
    if (worker->open_handles || worker->state != COIL_WORKER_DEAD)
        return;
    coil_wire_free(worker->wire);
    coil_fd_close(&worker->pidfd);
    coil_environment_unuse(worker->environment, uv_now(&worker->server->loop));
    free(worker);
}

static void on_closed(uv_handle_t *handle)
{
    struct coil_worker *worker = handle->data;

    worker->open_handles--;
    free_if_closed(worker);
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

/* Everything that follows from a death.  Programs attached to it are told first, so that nobody waits for a ghost. */
static void died(struct coil_worker *worker)
{
    struct coil_server *server = worker->server;
    struct coil_session *session;

    if (worker->state == COIL_WORKER_DEAD)
        return;
    COIL_FAULT("worker.died");
    coil_death_note(worker);
    worker->state = COIL_WORKER_DEAD;
    TAILQ_REMOVE(&worker->environment->workers, worker, link);
    while ((session = TAILQ_FIRST(&worker->sessions))) {
        if (session->client)
            coil_client_session_lost(session->client);
        coil_session_free(session);
    }
    coil_heap_give_up(&server->heaps, &worker->heap);
    coil_totals_keep(&server->totals, worker);
    coil_fd_close(&worker->tallies);
    coil_trace_worker_died(worker);
    server->workers_died += worker->started_ms && !worker->told_to_end;
    coil_awaits_end(&worker->starters, NULL);
    coil_awaits_end(&worker->requests, NULL);
    coil_worker_modules_deinit(worker);

    close_handle((uv_handle_t *)&worker->timer);
    if (worker->has_link_poll)
        close_handle((uv_handle_t *)&worker->link_poll);
    if (worker->has_death_poll)
        close_handle((uv_handle_t *)&worker->death_poll);
    if (worker->has_process && worker->reaped)
        close_handle((uv_handle_t *)&worker->process);
    COIL_FAULT("worker.buried");
    coil_server_worker_went(server);
}

static void on_process_exit(uv_process_t *process, int64_t status, int signal)
{
    struct coil_worker *worker = process->data;

    worker->reaped = true;
    worker->exit_status = (int)status;
    worker->exit_signal = signal;
    if (worker->state == COIL_WORKER_DEAD)
        close_handle((uv_handle_t *)process);
}

static bool pidfd_is_readable(const struct coil_worker *worker)
{
    struct pollfd death = { .fd = worker->pidfd, .events = POLLIN };

    return worker->pidfd >= 0 && poll(&death, 1, 0) > 0;
}

static void on_death(uv_poll_t *poll, int status, int events)
{
    struct coil_worker *worker = poll->data;

    (void)status;
    (void)events;
    if (!pidfd_is_readable(worker))
        return;
    died(worker);
}

static void kill_it(struct coil_worker *worker)
{
    if (worker->pidfd >= 0)
        (void)pidfd_send_signal(worker->pidfd, SIGKILL, NULL, 0);
}

void coil_worker_kill(struct coil_worker *worker)
{
    worker->killed_by_us = true;
    kill_it(worker);
}

/* ---- the conversation ---- */

static void on_link(uv_poll_t *poll, int status, int events);

static void watch_link(struct coil_worker *worker)
{
    int events = UV_READABLE;

    if (!worker->has_link_poll || uv_is_closing((uv_handle_t *)&worker->link_poll))
        return;
    if (coil_wire_pending(worker->wire))
        events |= UV_WRITABLE;
    (void)uv_poll_start(&worker->link_poll, events, on_link);
}

/* The worker cannot be talked to any more.  It is dead only when the pidfd says so. */
static void link_broke(struct coil_worker *worker, const char *why)
{
    if (why)
        coil_log("worker generation %llu (pid %d) is killed: %s", (unsigned long long)worker->generation,
                 (int)worker->pid, why);
    (void)uv_poll_stop(&worker->link_poll);
    if (pidfd_is_readable(worker))
        died(worker);
    else if (why)
        coil_worker_kill(worker);
    else
        kill_it(worker); /* it is most probably dying already */
}

/* With its heap it can take sessions. */
static void heap_answered(struct coil_await *await, const struct coil_message *answer)
{
    struct coil_worker *worker =
        (struct coil_worker *)(void *)((char *)await - offsetof(struct coil_worker, heap_told));

    if (!answer)
        return;
    if (answer->type == COIL_MESSAGE_FAILED) {
        (void)snprintf(worker->failure, sizeof worker->failure, "%s", answer->text);
        coil_worker_kill(worker);
        return;
    }
    if (worker->state == COIL_WORKER_STARTING) {
        (void)uv_timer_stop(&worker->timer);
        worker->state = COIL_WORKER_READY;
        COIL_FAULT("worker.ready");
        coil_trace_worker_ready(worker);
    }
    coil_awaits_end(&worker->starters, answer);
    coil_worker_consider(worker);
}

static void became_ready(struct coil_worker *worker, const struct coil_message *message)
{
    struct coil_message heap = { .type = COIL_MESSAGE_HEAP,
                                 .generation = worker->generation,
                                 .heap = coil_heap_base(&worker->heap) };
    const int fds[] = { worker->heap.fd, worker->tallies };

    if (message->protocol != COIL_PROTOCOL) {
        (void)snprintf(worker->failure, sizeof worker->failure,
                       "the worker is of version %s, the daemon of version " COIL_VERSION ": install coil anew",
                       message->version);
        coil_worker_kill(worker);
        return;
    }
    worker->was_ready = true;
    coil_worker_ask(worker, &heap, fds, &worker->heap_told, heap_answered);
}

static void heard(struct coil_worker *worker, const struct coil_message *message)
{
    struct coil_await *await;
    char why[COIL_WORKER_TEXT_MAX];

    if (message->type == COIL_MESSAGE_READY && !worker->was_ready) {
        became_ready(worker, message);
        return;
    }
    if (message->type == COIL_MESSAGE_FAILED && message->request == 0 && !worker->was_ready) {
        (void)snprintf(worker->failure, sizeof worker->failure, "%s", message->text);
        (void)uv_timer_start(&worker->timer, worker->timer.timer_cb, LEAVE_TIMEOUT_MS, 0);
        return;
    }
    if (message->type == COIL_MESSAGE_OPENED || message->type == COIL_MESSAGE_INIT_FAILED) {
        coil_worker_module_news(worker, message->hash, message->type == COIL_MESSAGE_OPENED);
        return;
    }
    if (message->type == COIL_MESSAGE_CHANGED) {
        coil_log("worker generation %llu (pid %d) takes no more programs: %s has changed",
                 (unsigned long long)worker->generation, (int)worker->pid, message->text);
        (void)snprintf(why, sizeof why, "edited: %.*s", (int)sizeof why - 16, message->text);
        coil_worker_retire(worker, why);
        return;
    }
    if ((message->type != COIL_MESSAGE_DONE && message->type != COIL_MESSAGE_FAILED) || message->request == 0 ||
        message->request > worker->last_request) {
        link_broke(worker, "it sent a message that makes no sense");
        return;
    }
    /* Nobody may be waiting any more: the program that asked has gone. */
    TAILQ_FOREACH(await, &worker->requests, link)
    {
        if (await->request == message->request) {
            coil_await_end(await, message);
            return;
        }
    }
}

static void on_link(uv_poll_t *poll, int status, int events)
{
    struct coil_worker *worker = poll->data;

    (void)status;
    (void)events;
    (void)coil_wire_flush(worker->wire);
    for (;;) {
        COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message received = COIL_WIRE_MESSAGE_INIT;
        struct coil_error error;
        int r = coil_wire_receive(worker->wire, &received, &error);

        if (r == -EAGAIN)
            break;
        if (r < 0) {
            link_broke(worker, r == -EPIPE ? NULL : error.text);
            return;
        }
        heard(worker, &received.message);
        if (worker->state == COIL_WORKER_DEAD || !uv_is_active((uv_handle_t *)&worker->link_poll))
            return;
    }
    watch_link(worker);
}

static void send_request(struct coil_worker *worker, const struct coil_message *message, const int *fds)
{
    struct coil_error error;
    int r = coil_wire_send(worker->wire, message, fds, &error);

    /* A closed link is seen by on_link(); any other failure would leave the worker in a state that nobody knows. */
    if (r < 0 && r != -EPIPE) {
        coil_log("worker generation %llu (pid %d) is killed: %s", (unsigned long long)worker->generation,
                 (int)worker->pid, error.text);
        coil_worker_kill(worker);
    }
    watch_link(worker);
}

void coil_worker_ask(struct coil_worker *worker, struct coil_message *message, const int *fds, struct coil_await *await,
                     void (*answered)(struct coil_await *, const struct coil_message *))
{
    message->request = ++worker->last_request;
    coil_await_begin(await, &worker->requests, message->request, answered);
    send_request(worker, message, fds);
}

void coil_worker_tell(struct coil_worker *worker, struct coil_message *message)
{
    if (!worker->was_ready)
        return;
    message->request = ++worker->last_request;
    send_request(worker, message, NULL);
}

void coil_worker_await_ready(struct coil_worker *worker, struct coil_await *await,
                             void (*answered)(struct coil_await *, const struct coil_message *))
{
    coil_await_begin(await, &worker->starters, 0, answered);
}

/* ---- the start ---- */

static int start_process(struct coil_worker *worker, int link_fd, struct coil_error *error)
{
    COIL_CLEANUP(coil_environment_block_free) char **block = coil_environment_block_new(worker->environment);
    struct coil_server *server = worker->server;
    char link_number[16], gil_timeout[24];
    const char *cwd = worker->environment->cwd;
    char *arguments[] = { "coil-worker",
                          "--link-fd",
                          link_number,
                          "--python",
                          worker->environment->python,
                          "--gil-timeout-ms",
                          gil_timeout,
                          NULL,
                          NULL };
    uv_stdio_container_t stdio[LINK_FD + 1] = {
        { .flags = UV_IGNORE },
        { .flags = UV_INHERIT_FD, .data.fd = coil_log_fd() },
        { .flags = UV_INHERIT_FD, .data.fd = coil_log_fd() },
        { .flags = UV_INHERIT_FD, .data.fd = link_fd },
    };
    /* A session of its own: a terminal's Ctrl-C is for the supervisor, which then ends its workers in order. */
    uv_process_options_t options = {
        .file = server->worker_path,
        .args = arguments,
        .env = block,
        .cwd = access(cwd, X_OK) == 0 ? cwd : "/", /* of a private worker; "" else */
        .stdio = stdio,
        .stdio_count = LINK_FD + 1,
        .exit_cb = on_process_exit,
        .flags = UV_PROCESS_DETACHED,
    };
    int r;

    if (!block)
        return coil_error_set(error, -ENOMEM, "no memory to start a worker");
    if (coil_environment_is_private(worker->environment))
        arguments[7] = "--private";
    else if (server->is_system)
        arguments[7] = "--system";
    COIL_FAULT("worker.spawn");
    (void)snprintf(link_number, sizeof link_number, "%d", LINK_FD);
    (void)snprintf(gil_timeout, sizeof gil_timeout, "%llu", (unsigned long long)server->gil_timeout_ms);
    worker->process.data = worker;
    r = uv_spawn(&server->loop, &worker->process, &options);
    worker->has_process = true; /* libuv has initialised the handle even if it failed */
    worker->open_handles++;
    if (r < 0) {
        worker->reaped = true;
        return coil_error_set(error, r, "cannot start the worker %s: %s", server->worker_path, uv_strerror(r));
    }
    worker->pid = worker->process.pid;
    COIL_FAULT("worker.spawned");
    /* The loop has not run since, so the process is not reaped and the number is still its own. */
    worker->pidfd = pidfd_open(worker->pid, 0);
    if (worker->pidfd < 0) {
        r = -errno;
        (void)uv_process_kill(&worker->process, SIGKILL);
        return coil_error_set(error, r, "cannot watch the worker's process: %s", strerror(-r));
    }
    (void)prlimit(worker->pid, RLIMIT_NOFILE, &server->worker_files, NULL);
    return 0;
}

static int open_poll(struct coil_worker *worker, uv_poll_t *poll, int fd, bool *ret_has, struct coil_error *error)
{
    int r = uv_poll_init(&worker->server->loop, poll, fd);

    if (r < 0)
        return coil_error_set(error, r, "cannot watch the worker's process: %s", uv_strerror(r));
    poll->data = worker;
    worker->open_handles++;
    *ret_has = true;
    return 0;
}

static int spawn(struct coil_worker *worker, struct coil_error *error)
{
    COIL_CLEANUP(coil_fd_close) int here = -1;
    COIL_CLEANUP(coil_fd_close) int there = -1;
    int pair[2];
    int r;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return coil_error_set(error, -errno, "cannot make a socket for a worker: %s", strerror(errno));
    here = pair[0];
    there = pair[1];
    r = coil_wire_new(coil_steal_fd(&here), &worker->wire);
    if (r < 0)
        return coil_error_set(error, r, "no memory to start a worker");
    r = coil_heap_make(&worker->server->heaps, &worker->heap, error);
    if (r == 0)
        r = coil_memory_make("coil-tallies", COIL_TALLIES_SIZE, "a worker", &worker->tallies, error);
    if (r == 0)
        r = start_process(worker, there, error);
    if (r == 0)
        r = open_poll(worker, &worker->death_poll, worker->pidfd, &worker->has_death_poll, error);
    if (r == 0)
        r = uv_poll_start(&worker->death_poll, UV_READABLE, on_death);
    if (r == 0)
        r = open_poll(worker, &worker->link_poll, coil_wire_fd(worker->wire), &worker->has_link_poll, error);
    if (r == 0)
        watch_link(worker);
    return r;
}

static void on_timer(uv_timer_t *timer)
{
    struct coil_worker *worker = timer->data;
    struct coil_error error = { 0 };

    if (coil_worker_is_unneeded(worker)) {
        coil_worker_leave(worker);
        return;
    }
    switch (worker->state) {
    case COIL_WORKER_DELAYED:
        worker->state = COIL_WORKER_STARTING;
        if (spawn(worker, &error) < 0) {
            (void)snprintf(worker->failure, sizeof worker->failure, "%s", error.text);
            coil_log("%s", error.text);
            coil_worker_kill(worker);
            /* Without a pidfd nothing will announce a death, and nothing has happened yet that one could end. */
            if (!worker->has_death_poll)
                died(worker);
            return;
        }
        worker->started_ms = uv_now(&worker->server->loop);
        worker->server->workers_started++;
        COIL_PROBE2(worker__start, worker->generation, worker->pid);
        coil_trace_log(worker->server, "worker generation %llu (pid %d) starts, Python %s%s",
                       (unsigned long long)worker->generation, (int)worker->pid,
                       *worker->environment->python ? worker->environment->python : "as built",
                       worker->is_spare ? ", a spare" : "");
        (void)uv_timer_start(timer, on_timer, START_TIMEOUT_MS, 0);
        return;
    case COIL_WORKER_STARTING:
        if (!worker->failure[0])
            (void)snprintf(worker->failure, sizeof worker->failure, "the worker did not start Python within %d s",
                           START_TIMEOUT_MS / 1000);
        coil_worker_kill(worker);
        return;
    case COIL_WORKER_READY:
        return;
    case COIL_WORKER_LEAVING:
        coil_worker_kill(worker);
        return;
    case COIL_WORKER_DEAD:
        return;
    }
}

int coil_worker_new(struct coil_server *server, struct coil_environment *environment, struct coil_worker **ret_worker)
{
    struct coil_worker *worker = calloc(1, sizeof *worker);

    if (!worker)
        return -ENOMEM;
    worker->server = server;
    worker->environment = environment;
    coil_environment_use(environment);
    worker->generation = ++server->last_generation;
    worker->pidfd = -1;
    worker->heap = COIL_HEAP_NONE;
    worker->tallies = -1;
    worker->trace = -1;
    worker->state = COIL_WORKER_DELAYED;
    TAILQ_INIT(&worker->starters);
    TAILQ_INIT(&worker->requests);
    TAILQ_INIT(&worker->modules);
    TAILQ_INIT(&worker->sessions);
    (void)uv_timer_init(&server->loop, &worker->timer);
    worker->timer.data = worker;
    worker->open_handles++;
    (void)uv_timer_start(&worker->timer, on_timer, coil_restart_delay_ms(&environment->restart, uv_now(&server->loop)),
                         0);
    TAILQ_INSERT_HEAD(&environment->workers, worker, link);
    server->workers++;
    *ret_worker = worker;
    return 0;
}

/* ---- the way out ---- */

bool coil_worker_is_usable(struct coil_worker *worker)
{
    if (pidfd_is_readable(worker))
        died(worker);
    return worker->state <= COIL_WORKER_READY && !worker->failure[0] && !worker->retired && !worker->preparing;
}

void coil_worker_leave(struct coil_worker *worker)
{
    if (worker->state >= COIL_WORKER_LEAVING)
        return;
    worker->told_to_end = true;
    if (!worker->has_death_poll) {
        died(worker);
        return;
    }
    COIL_FAULT("worker.leave");
    worker->state = COIL_WORKER_LEAVING;
    (void)pidfd_send_signal(worker->pidfd, SIGTERM, NULL, 0);
    (void)uv_timer_start(&worker->timer, on_timer, LEAVE_TIMEOUT_MS, 0);
}
