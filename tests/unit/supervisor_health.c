/* When the daemon gives a sign of life: health.c, with workers that are dead or stuck. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/supervisor/health.h"
#include "daemon/supervisor/server.h"
#include "daemon/supervisor/worker.h"
#include "proto/cleanup.h"

/* A server with one environment and one worker, whose process waits to be killed. */
struct fixture {
    struct coil_server server;
    struct coil_runtime_dir runtime;
    struct coil_environment environment;
    struct coil_worker worker;
    int pipe[2];
};

static void on_timer(uv_timer_t *timer)
{
    (void)timer;
}

static void on_listener(uv_poll_t *poll, int status, int events)
{
    (void)poll;
    (void)status;
    (void)events;
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct coil_server *server = &fixture->server;
    struct coil_worker *worker = &fixture->worker;

    strcpy(fixture->runtime.socket_path, "/nowhere");
    server->runtime = &fixture->runtime;
    assert_int_equal(uv_loop_init(&server->loop), 0);
    assert_int_equal(pipe(fixture->pipe), 0);
    assert_int_equal(uv_poll_init(&server->loop, &server->listener, fixture->pipe[0]), 0);
    assert_int_equal(uv_poll_start(&server->listener, UV_READABLE, on_listener), 0);
    assert_int_equal(uv_timer_init(&server->loop, &worker->timer), 0);
    TAILQ_INIT(&server->environments);
    TAILQ_INIT(&fixture->environment.workers);
    TAILQ_INSERT_HEAD(&server->environments, &fixture->environment, link);
    TAILQ_INSERT_HEAD(&fixture->environment.workers, worker, link);
    worker->state = COIL_WORKER_READY;
    worker->generation = 7;
    worker->pid = fork();
    if (worker->pid == 0) {
        for (;;)
            pause();
    }
    worker->pidfd = pidfd_open(worker->pid, 0);
    assert_true(worker->pidfd >= 0);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    (void)kill(fixture->worker.pid, SIGKILL);
    (void)waitpid(fixture->worker.pid, NULL, 0);
    uv_close((uv_handle_t *)&fixture->server.listener, NULL);
    uv_close((uv_handle_t *)&fixture->worker.timer, NULL);
    (void)uv_run(&fixture->server.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&fixture->server.loop), 0);
    coil_fd_close(&fixture->worker.pidfd);
    coil_fd_close(&fixture->pipe[0]);
    coil_fd_close(&fixture->pipe[1]);
    free(fixture);
    return 0;
}

static void assert_healthy(struct fixture *fixture)
{
    struct coil_error error;

    for (int i = 0; i < 3; i++)
        assert_int_equal(coil_health_check(&fixture->server, &error), 0);
}

/* At the second look, and at each one after it. */
static void assert_sick(struct fixture *fixture, const char *words)
{
    struct coil_error error;

    assert_int_equal(coil_health_check(&fixture->server, &error), 0);
    for (int i = 0; i < 3; i++) {
        assert_true(coil_health_check(&fixture->server, &error) < 0);
        assert_non_null(strstr(error.text, words));
    }
}

static void a_dead_worker_that_nobody_notices(void **state)
{
    struct fixture *fixture = *state;
    siginfo_t info;

    assert_healthy(fixture);
    assert_int_equal(kill(fixture->worker.pid, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, (id_t)fixture->worker.pid, &info, WEXITED | WNOWAIT), 0);
    assert_sick(fixture, "generation 7");
    fixture->worker.state = COIL_WORKER_DEAD; /* now somebody has */
    assert_healthy(fixture);
}

static void a_worker_that_nothing_ends(void **state)
{
    static const enum coil_worker_state states[] = { COIL_WORKER_DELAYED, COIL_WORKER_STARTING, COIL_WORKER_LEAVING };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        fixture->worker.state = states[i];
        assert_int_equal(uv_timer_start(&fixture->worker.timer, on_timer, 60000, 0), 0);
        assert_healthy(fixture);
        assert_int_equal(uv_timer_stop(&fixture->worker.timer), 0);
        assert_sick(fixture, "starts or leaves");
        fixture->worker.state = COIL_WORKER_READY;
        assert_healthy(fixture);
    }
}

static void a_daemon_that_does_not_listen(void **state)
{
    struct fixture *fixture = *state;
    struct coil_error error;

    assert_healthy(fixture);
    assert_int_equal(uv_poll_stop(&fixture->server.listener), 0);
    assert_true(coil_health_check(&fixture->server, &error) < 0);
    assert_non_null(strstr(error.text, "/nowhere"));
    fixture->server.stopping = true; /* then it need not */
    assert_healthy(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_dead_worker_that_nobody_notices, setup, teardown),
        cmocka_unit_test_setup_teardown(a_worker_that_nothing_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(a_daemon_that_does_not_listen, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
