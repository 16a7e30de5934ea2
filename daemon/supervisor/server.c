/*
 * The daemon as a whole.
 *
 * Purpose: the loop, the listening socket, who may come in, and the end.  Stopping
 * has an order: nobody new, calls that run may end (not for ever), workers end, coilctl is answered
 * last; only then does the loop run out of handles and main.c removes the lock.
 *
 * The listening socket is watched by uv_poll, like every other socket here,
 * because libuv's pipes cannot pass memfds.
 *
 * Called by main.c; one thread.
 */
#include "daemon/supervisor/server.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/supervisor/client.h"
#include "daemon/supervisor/health.h"
#include "daemon/supervisor/log.h"
#include "daemon/supervisor/move.h"
#include "daemon/supervisor/succession.h"
#include "daemon/supervisor/worker.h"
#include "proto/cleanup.h"
#include "proto/fault.h"
#include "proto/location.h"
#include "proto/version.h"

#define ACCEPTS_PER_TURN 64
#define ACCEPT_PAUSE_MS 10
#define OVERFLOW_UID 65534 /* if the kernel does not say */
#define LOOK_MS 1000
#define DRAIN_MS 5000 /* for calls that run when it stops */

static const int signals[COIL_SERVER_SIGNALS] = { SIGTERM, SIGINT, SIGHUP };

/* ---- coming in ---- */

/*
 * Whom the kernel shows for users that have no number here, such as those of another user namespace.  It may be anybody,
 * so nobody is served under it.
 */
static uid_t overflow_uid(void)
{
    COIL_CLEANUP(coil_file_close) FILE *file = fopen("/proc/sys/kernel/overflowuid", "re");
    unsigned uid;

    return file && fscanf(file, "%u", &uid) == 1 ? (uid_t)uid : OVERFLOW_UID;
}

/* May programs of this user connect? */
static int check_user(const struct coil_server *server, uid_t uid, struct coil_error *error)
{
    if (server->is_system && uid == server->overflow_uid)
        return coil_error_set(error, -EACCES,
                              "user %u stands for users that this machine has no number for, and cannot be told apart: "
                              "run the program as a user of its own",
                              (unsigned)uid);
    if (!server->is_system && uid != geteuid())
        return coil_error_set(error, -EACCES, "this daemon serves user %u only, not user %u", (unsigned)geteuid(),
                              (unsigned)uid);
    return 0;
}

/* It may not come in.  It is told, as far as its socket takes it at once. */
static void turn_away(int fd, const struct ucred *peer, enum coil_refusal code, const char *text)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = NULL;
    struct coil_message message = { .type = COIL_MESSAGE_FAILED, .code = code, .text = text };
    const struct coil_log_about about = { .pid = peer->pid, .uid = peer->uid };

    coil_log_about(&about, "it is turned away: %s", text);
    if (coil_wire_new(fd, &wire) == 0)
        (void)coil_wire_send(wire, &message, NULL, NULL);
}

static void admit(struct coil_server *server, int fd)
{
    COIL_CLEANUP(coil_fd_close) int owned = fd;
    struct ucred peer = { 0 };
    socklen_t size = sizeof peer;
    struct coil_quota *quota;
    struct coil_error error;

    if (getsockopt(owned, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return;
    if (check_user(server, peer.uid, &error) < 0) {
        turn_away(coil_steal_fd(&owned), &peer, COIL_REFUSED_IDENTITY, error.text);
        return;
    }
    if (coil_quota_take(server, peer.uid, COIL_QUOTA_CONNECTIONS, &quota, &error) < 0) {
        turn_away(coil_steal_fd(&owned), &peer, COIL_REFUSED_LIMIT, error.text);
        return;
    }
    if (coil_client_new(server, coil_steal_fd(&owned), &peer, quota, &error) < 0) {
        const struct coil_log_about about = { .pid = peer.pid, .uid = peer.uid };

        coil_log_about(&about, "it is turned away: %s", error.text);
        coil_quota_give(server, quota, COIL_QUOTA_CONNECTIONS, 1);
    }
}

/* Without a free fd the connection would stay in the queue, and the loop would turn for it for ever. */
static void turn_away_for_lack_of_fds(struct coil_server *server)
{
    coil_log("a client is turned away: no file descriptors left");
    coil_fd_close(&server->spare_fd);
    server->spare_fd = accept4(server->runtime->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    coil_fd_close(&server->spare_fd);
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void on_listener(uv_poll_t *poll, int status, int events);

static void on_accept_timer(uv_timer_t *timer)
{
    struct coil_server *server = timer->data;

    if (!server->stopping)
        (void)uv_poll_start(&server->listener, UV_READABLE, on_listener);
}

/* They wait in the socket's queue meanwhile. */
static void accept_later(struct coil_server *server)
{
    (void)uv_poll_stop(&server->listener);
    (void)uv_timer_start(&server->accept_timer, on_accept_timer, ACCEPT_PAUSE_MS, 0);
}

static void on_listener(uv_poll_t *poll, int status, int events)
{
    struct coil_server *server = poll->data;

    (void)status;
    (void)events;
    for (unsigned i = 0; i < ACCEPTS_PER_TURN && !server->stopping; i++) {
        int fd;

        if (!coil_quota_accept(server)) {
            accept_later(server);
            return;
        }
        fd = accept4(server->runtime->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd >= 0) {
            admit(server, fd);
        } else if (errno == EMFILE || errno == ENFILE) {
            turn_away_for_lack_of_fds(server);
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

/* ---- the end ---- */

static void close_quietly(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* Everything has gone but those who asked for it. */
static void finish(struct coil_server *server)
{
    struct coil_client *client;

    COIL_FAULT("stop.workers_gone");
    close_quietly((uv_handle_t *)&server->drain_timer);
    coil_health_end(server);
    for (unsigned i = 0; i < COIL_SERVER_SIGNALS; i++)
        close_quietly((uv_handle_t *)&server->signals[i]);
    while ((client = TAILQ_FIRST(&server->clients))) {
        struct coil_message done = { .type = COIL_MESSAGE_DONE };

        if (client->step == COIL_CLIENT_STOP)
            coil_client_answer(client, &done, NULL);
        coil_client_close(client);
    }
}

static void dismiss_clients(struct coil_server *server)
{
    struct coil_client *client = TAILQ_FIRST(&server->clients);

    while (client) {
        struct coil_client *next = TAILQ_NEXT(client, link);

        /* Closed without a word, so that a program that is attaching turns to the next daemon. */
        if ((client->step == COIL_CLIENT_IDLE || client->step == COIL_CLIENT_MOVING) && client->session &&
            client->attached)
            coil_session_drain(client->session);
        else if (client->step != COIL_CLIENT_STOP && client->step != COIL_CLIENT_TRACE)
            coil_client_close(client);
        client = next;
    }
}

/* Tells all of them `what`. */
static void dismiss_workers(struct coil_server *server, void (*what)(struct coil_worker *worker))
{
    struct coil_environment *environment;

    TAILQ_FOREACH(environment, &server->environments, link)
    {
        struct coil_worker *worker = TAILQ_FIRST(&environment->workers);

        while (worker) {
            struct coil_worker *next = TAILQ_NEXT(worker, link);

            what(worker);
            worker = next;
        }
    }
}

/* It has been long enough, or someone does not want to wait. */
static void end_what_runs(struct coil_server *server, const char *reason)
{
    (void)uv_timer_stop(&server->drain_timer);
    coil_log("ends what still runs: %s", reason);
    dismiss_workers(server, coil_worker_leave);
}

static void on_drained_long(uv_timer_t *timer)
{
    end_what_runs(timer->data, "it has had its time");
}

static void retire(struct coil_worker *worker)
{
    coil_worker_retire(worker, "the daemon stops");
}

void coil_server_stop(struct coil_server *server, const char *reason)
{
    struct coil_succession *succession;

    if (server->stopping)
        return;
    server->stopping = true;
    coil_log("stops: %s", reason);
    coil_notify_send(&server->notify, "STOPPING=1");
    COIL_FAULT("stop.begun");
    close_quietly((uv_handle_t *)&server->listener);
    close_quietly((uv_handle_t *)&server->accept_timer);
    close_quietly((uv_handle_t *)&server->idle_timer);
    close_quietly((uv_handle_t *)&server->look_timer);
    coil_runtime_dir_unlisten(server->runtime);
    (void)uv_timer_start(&server->drain_timer, on_drained_long, DRAIN_MS, 0);
    dismiss_clients(server);
    while ((succession = TAILQ_FIRST(&server->successions)))
        coil_succession_abort(succession, "the daemon stops");
    dismiss_workers(server, retire);
    if (server->workers == 0)
        finish(server);
}

void coil_server_worker_went(struct coil_server *server)
{
    server->workers--;
    if (server->stopping && server->workers == 0)
        finish(server);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct coil_server *server = handle->data;
    char reason[64];

    (void)snprintf(reason, sizeof reason, "signal %d (%s)", number, strsignal(number));
    if (number == SIGHUP && !server->stopping)
        coil_reload_begin(server, NULL, reason);
    else if (number != SIGHUP && server->stopping)
        end_what_runs(server, reason);
    else
        coil_server_stop(server, reason);
}

/* ---- idleness ---- */

static void on_idle(uv_timer_t *timer)
{
    struct coil_server *server = timer->data;

    if (server->attached == 0)
        coil_server_stop(server, "no program for a long time");
}

static void watch_idleness(struct coil_server *server)
{
    if (server->attached == 0 && server->idle_timeout_ms && !server->stopping)
        (void)uv_timer_start(&server->idle_timer, on_idle, server->idle_timeout_ms, 0);
}

void coil_server_reconsider(struct coil_server *server)
{
    if (server->stopping)
        return;
    (void)uv_timer_stop(&server->idle_timer);
    watch_idleness(server);
    coil_server_look(server);
}

void coil_server_program_came(struct coil_server *server)
{
    server->attached++;
    (void)uv_timer_stop(&server->idle_timer);
}

void coil_server_program_went(struct coil_server *server)
{
    server->attached--;
    watch_idleness(server);
}

/* ---- what has to be looked at ---- */

static void on_look(uv_timer_t *timer)
{
    struct coil_server *server = timer->data;
    bool moves = coil_moves_look(server);
    bool recycles = coil_recycle_look(server);
    bool waits = coil_quota_look(server);

    if (!moves && !recycles && !waits)
        (void)uv_timer_stop(timer);
}

void coil_server_look(struct coil_server *server)
{
    if (!server->stopping && !uv_is_active((uv_handle_t *)&server->look_timer))
        (void)uv_timer_start(&server->look_timer, on_look, LOOK_MS, LOOK_MS);
}

/* ---- the beginning ---- */

int coil_server_init(struct coil_server *server, struct coil_runtime_dir *runtime, struct coil_error *error)
{
    int r = coil_location(COIL_WORKER_FROM_BIN, server->worker_path, sizeof server->worker_path, error);

    if (r < 0)
        return r;
    server->runtime = runtime;
    server->overflow_uid = overflow_uid();
    TAILQ_INIT(&server->clients);
    TAILQ_INIT(&server->environments);
    coil_store_init(&server->store);
    TAILQ_INIT(&server->successions);
    TAILQ_INIT(&server->totals);
    TAILQ_INIT(&server->quotas);
    r = uv_loop_init(&server->loop);
    if (r < 0)
        return coil_error_set(error, r, "cannot start the event loop: %s", uv_strerror(r));
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    (void)uv_timer_init(&server->loop, &server->accept_timer);
    server->accept_timer.data = server;
    (void)uv_timer_init(&server->loop, &server->idle_timer);
    server->idle_timer.data = server;
    (void)uv_timer_init(&server->loop, &server->look_timer);
    server->look_timer.data = server;
    (void)uv_timer_init(&server->loop, &server->drain_timer);
    server->drain_timer.data = server;
    server->started_ms = uv_now(&server->loop);
    coil_health_begin(server);
    for (unsigned i = 0; i < COIL_SERVER_SIGNALS; i++) {
        (void)uv_signal_init(&server->loop, &server->signals[i]);
        server->signals[i].data = server;
        (void)uv_signal_start(&server->signals[i], on_signal, signals[i]);
    }
    r = uv_poll_init(&server->loop, &server->listener, runtime->listen_fd);
    server->listener.data = server;
    if (r == 0)
        r = uv_poll_start(&server->listener, UV_READABLE, on_listener);
    if (r < 0)
        return coil_error_set(error, r, "cannot watch the socket: %s", uv_strerror(r));
    watch_idleness(server);
    coil_server_look(server);
    return 0;
}

void coil_server_run(struct coil_server *server)
{
    (void)uv_run(&server->loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&server->loop) < 0)
        coil_log("the event loop still had handles");
    coil_environments_deinit(&server->environments);
    coil_configuration_deinit(&server->configuration);
    coil_store_deinit(&server->store);
    coil_totals_deinit(&server->totals);
    coil_fd_close(&server->spare_fd);
}
