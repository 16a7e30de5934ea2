/*
 * Workers that fail: what the daemon tells the programs of one that dies, does not start, answers with
 * nonsense or is slow, and what comes in its place.
 */
#include "tests/unit/supervisor_fixture.h"

static void a_killed_worker_is_replaced(void **state)
{
    const struct image *image = make_image("plugin", "");
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *first = attached(GOOD, image);
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *second = NULL;
    COIL_CLEANUP(coil_fd_close) int pidfd = fcntl(reply.fds[3], F_DUPFD_CLOEXEC, 3);
    uint64_t generation = reply.message.generation;

    (void)state;
    assert_int_equal(kill((pid_t)reply.message.pid, SIGKILL), 0);
    assert_true(is_dead(pidfd, TIMEOUT_MS));
    /* At once: the daemon may not have noticed yet. */
    second = attached(GOOD, image);
    assert_int_equal(reply.message.generation, generation + 1);
    assert_eof(first);
    assert_true(log_has("generation 1 (pid .*) died: signal 9"));
}

static void pending_requests_fail_when_the_worker_dies(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = attached(GOOD, make_image("plugin", ""));
    pid_t worker = (pid_t)reply.message.pid;
    uint64_t session = reply.message.session;

    (void)state;
    assert_int_equal(kill(worker, SIGSTOP), 0);
    post(wire, (struct coil_message){ .type = COIL_MESSAGE_CHANNEL, .request = 5, .session = session, .channel = 1 });
    await_status("programs: 1");
    assert_int_equal(kill(worker, SIGKILL), 0);
    assert_int_equal(await_reply(wire), COIL_MESSAGE_FAILED);
    assert_int_equal(reply.message.request, 5);
    assert_failed(COIL_REFUSED_OTHER, "the worker died");
    assert_eof(wire);
}

static void a_worker_without_its_heap_says_why(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = client();

    (void)state;
    (void)attach(wire, HEAPLESS, make_image("plugin", ""));
    assert_failed(COIL_REFUSED_NO_PYTHON, "no room for a heap");
}

/* All programs of a worker share its heap; another worker has another one. */
static void a_worker_has_one_heap(void **state)
{
    const struct image *image = make_image("plugin", "");
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *first = attached(GOOD, image);
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *second = NULL;
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *third = NULL;
    uint64_t base = reply.message.heap;
    struct stat status[2];

    (void)state;
    assert_true(coil_heap_is_valid(base));
    assert_int_equal(fstat(reply.fds[4], &status[0]), 0);
    second = attached(GOOD, image);
    assert_int_equal(fstat(reply.fds[4], &status[1]), 0);
    assert_true(reply.message.heap == base && status[0].st_ino == status[1].st_ino);
    third = attached(STUBBORN, image);
    assert_int_equal(fstat(reply.fds[4], &status[1]), 0);
    assert_true(reply.message.heap != base && status[0].st_ino != status[1].st_ino);
}

static void a_worker_that_cannot_start_says_why(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = client();
    const struct image *image = make_image("plugin", "");

    (void)state;
    (void)attach(wire, BROKEN, image);
    assert_failed(COIL_REFUSED_NO_PYTHON, "there is no Python at all");
    (void)attach(wire, CRASHING, image);
    assert_int_equal(attach(wire, GOOD, image), COIL_MESSAGE_ATTACHED);
}

/* Someone kills them, again and again: the next one might live, so some are tried for each program, with delays. */
static void workers_that_are_killed_are_replaced(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = client();
    const struct image *image = make_image("plugin", "");
    struct timespec begin;
    struct timespec end;

    (void)state;
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    (void)attach(wire, CRASHING, image);
    assert_failed(COIL_REFUSED_DIED, "several times");
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    assert_in_range(end.tv_sec - begin.tv_sec, 0, 8);
    assert_true(log_has("signal 9"));
    assert_int_equal(attach(wire, GOOD, image), COIL_MESSAGE_ATTACHED);
}

/* A few are tried; then nobody waits for another one.  Other environments have workers. */
static void workers_that_crash_at_once_are_given_up(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = client();
    const struct image *image = make_image("plugin", "");

    (void)state;
    for (int i = 0; i < 5; i++) {
        (void)attach(wire, FAULTY, image);
        assert_failed(COIL_REFUSED_NO_PYTHON, "signal 11");
    }
    for (int i = 0; i < 5; i++) {
        (void)attach(wire, FAULTY, image);
        assert_failed(COIL_REFUSED_CRASHES, "5 Python workers crashed one after the other");
    }
    assert_non_null(strstr(reply.message.text, "coilctl reload"));
    assert_null(strstr(status_report(), FAULTY));
    assert_int_equal(attach(wire, GOOD, image), COIL_MESSAGE_ATTACHED);
}

/* A worker is told what to refuse, and so are those that come later; the environment is not held responsible. */
static void what_kills_workers_is_refused(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = client();
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *next = client();
    const struct image *image = make_image("plugin", "");

    (void)state;
    (void)attach(wire, GUILTY, image);
    assert_failed(COIL_REFUSED_DIED, "several times");
    assert_int_equal(attach(wire, GUILTY, image), COIL_MESSAGE_ATTACHED);
    assert_true(log_has("died in the init code of module \"plugin\", called by program"));
    assert_true(log_has("its init code has killed the Python worker 5 times"));
    assert_int_equal(kill((pid_t)reply.message.pid, SIGKILL), 0);
    assert_eof(wire);
    assert_int_equal(attach(next, GUILTY, image), COIL_MESSAGE_ATTACHED);
}

static void a_worker_that_dies_under_an_attaching_program(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = client();

    (void)state;
    (void)attach(wire, DYING, make_image("plugin", ""));
    assert_failed(COIL_REFUSED_DIED, "several times");
    (void)attach(wire, GARBAGE, make_image("plugin", ""));
    assert_failed(COIL_REFUSED_DIED, "several times");
    assert_true(log_has("is killed: a message came whose length is impossible"));
    assert_int_equal(attach(wire, GOOD, make_image("plugin", "")), COIL_MESSAGE_ATTACHED);
}

static void a_slow_worker_holds_up_nobody_else(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *slow = client();
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *quick = NULL;
    const struct image *image = make_image("plugin", "");

    (void)state;
    quick = attached(GOOD, image);
    post(slow, attach_message(SLOW, image));
    for (int i = 0; i < 20; i++) {
        COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = attached(GOOD, image);
    }
    assert_non_null(strstr(status_report(), "starting"));
    assert_int_equal(await_reply(slow), COIL_MESSAGE_ATTACHED);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(a_killed_worker_is_replaced),
        TEST(pending_requests_fail_when_the_worker_dies),
        TEST(a_worker_without_its_heap_says_why),
        TEST(a_worker_has_one_heap),
        TEST(a_worker_that_cannot_start_says_why),
        TEST(workers_that_are_killed_are_replaced),
        TEST(workers_that_crash_at_once_are_given_up),
        TEST(what_kills_workers_is_refused),
        TEST(a_worker_that_dies_under_an_attaching_program),
        TEST(a_slow_worker_holds_up_nobody_else),
    };
    int r;

    if (argc >= 5 && strcmp(argv[1], "--link-fd") == 0)
        return be_worker(argv[4]);
    r = cmocka_run_group_tests(tests, install, uninstall);
    coil_wire_message_deinit(&reply);
    return r;
}
