/*
 * Generations: what a reload replaces and what it leaves alone, when a worker takes no more programs, and when one
 * that nobody uses leaves; what still runs when the daemon stops.
 */
#include "tests/unit/supervisor_fixture.h"

/* Reloads, and gives what was said about it. */
static const char *reload(enum coil_message_type expected)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = client();

    if (ask(wire, (struct coil_message){ .type = COIL_MESSAGE_RELOAD, .request = 4, .version = "" }) != expected)
        fail_msg("reloaded otherwise: %s", reply.message.text);
    assert_int_equal(reply.message.request, 4);
    return reply.message.text;
}

static uint64_t generation_of_new_program(const char *python)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = attached(python, make_image("plugin", ""));

    return reply.message.generation;
}

static void a_new_generation_takes_over(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *old = attached(GOOD, make_image("plugin", ""));
    COIL_CLEANUP(coil_fd_close) int pidfd = fcntl(reply.fds[3], F_DUPFD_CLOEXEC, 3);
    uint64_t session = reply.message.session;

    (void)state;
    assert_int_equal(reply.message.generation, 1);
    assert_non_null(strstr(reload(COIL_MESSAGE_REPORT), "generation 2 (Python as built) takes over from generation 1: 1 module\n"));
    assert_non_null(strstr(status_report(), "generation 1, pid"));
    assert_non_null(strstr(reply.message.text, "takes no more programs, sessions 1"));
    assert_int_equal(generation_of_new_program(GOOD), 2);
    /* The old one still serves its program. */
    assert_int_equal(ask(old, (struct coil_message){ .type = COIL_MESSAGE_CHANNEL, .session = session, .channel = 1 }),
                     COIL_MESSAGE_DONE);
    assert_int_equal(module(old, make_image("other", "")), COIL_MESSAGE_LOADED);
    assert_false(is_dead(pidfd, 0));
    coil_wire_freep(&old);
    assert_true(is_dead(pidfd, TIMEOUT_MS));
    await_status("workers: 1");
    assert_int_equal(generation_of_new_program(GOOD), 2);
}

/* A program whose session holds nothing has its connection closed, and comes to the new generation. */
static void programs_follow(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *idle = attached(LOOSE, make_image("plugin", ""));
    COIL_CLEANUP(coil_fd_close) int pidfd = fcntl(reply.fds[3], F_DUPFD_CLOEXEC, 3);
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *holder = attached(GOOD, make_image("plugin", ""));
    uint64_t session = reply.message.session;

    (void)state;
    (void)reload(COIL_MESSAGE_REPORT);
    assert_eof(idle);
    assert_true(is_dead(pidfd, TIMEOUT_MS));
    assert_int_equal(generation_of_new_program(LOOSE), 3);
    await_status("stays: it holds something");
    assert_non_null(strstr(reply.message.text, "retired: reloaded: generation "));
    assert_int_equal(ask(holder, (struct coil_message){ .type = COIL_MESSAGE_CHANNEL, .session = session, .channel = 1 }),
                     COIL_MESSAGE_DONE);
}

static void a_generation_that_cannot_leaves_the_old_one(void **state)
{
    const struct image *image = make_image("plugin", "");
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *good = attached(GOOD, image);
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *ageing = attached(AGEING, image);

    (void)state;
    run("touch %s/broken", prefix);
    (void)reload(COIL_MESSAGE_FAILED);
    assert_non_null(strstr(reply.message.text, "(/ageing) cannot take over from generation 2, which goes on: the new code is broken\n"));
    assert_non_null(strstr(reply.message.text, "takes over from generation 1: 1 module\n"));
    await_status("workers: 3"); /* the failed one has left */
    assert_true(log_has("which goes on: the new code is broken"));
    run("rm %s/broken", prefix);
    assert_int_equal(generation_of_new_program(AGEING), 2);
    assert_non_null(strstr(reload(COIL_MESSAGE_REPORT), "takes over from generation 2"));
    assert_true(generation_of_new_program(AGEING) > 3);
}

static void reloads_follow_each_other(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *program = attached(SLOW, make_image("plugin", ""));
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *first = client();
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *second = client();
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *third = client();

    (void)state;
    post(first, (struct coil_message){ .type = COIL_MESSAGE_RELOAD, .version = "" });
    await_status("workers: 2"); /* under way */
    post(second, (struct coil_message){ .type = COIL_MESSAGE_RELOAD, .version = "" });
    post(third, (struct coil_message){ .type = COIL_MESSAGE_RELOAD, .version = "" });
    coil_wire_freep(&third); /* does not wait */
    assert_int_equal(await_reply(first), COIL_MESSAGE_REPORT);
    assert_non_null(strstr(reply.message.text, "generation 2 (/slow) takes over from generation 1"));
    assert_int_equal(await_reply(second), COIL_MESSAGE_REPORT);
    assert_non_null(strstr(reply.message.text, "generation 3 (/slow) takes over from generation 2"));
    assert_null(strstr(reply.message.text, "from generation 1"));
    assert_non_null(strstr(reload(COIL_MESSAGE_REPORT), "generation 4 (/slow) takes over from generation 3"));
}

/* The old generation may die, or the new one, at any time. */
static void deaths_during_a_reload(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *program = attached(SLOW, make_image("plugin", ""));
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *coilctl = client();
    pid_t old = (pid_t)reply.message.pid;
    pid_t next = 0;

    (void)state;
    post(coilctl, (struct coil_message){ .type = COIL_MESSAGE_RELOAD, .version = "" });
    await_status("generation 2, pid");
    assert_int_equal(kill(old, SIGKILL), 0);
    assert_eof(program);
    assert_int_equal(await_reply(coilctl), COIL_MESSAGE_REPORT);
    assert_int_equal(generation_of_new_program(SLOW), 2);

    post(coilctl, (struct coil_message){ .type = COIL_MESSAGE_RELOAD, .version = "" });
    await_status(", starting,");
    assert_int_equal(sscanf(strstr(status_report(), "generation 3, pid "), "generation 3, pid %d", &next), 1);
    assert_in_range(next, 2, INT_MAX);
    assert_int_equal(kill(next, SIGKILL), 0);
    assert_int_equal(await_reply(coilctl), COIL_MESSAGE_FAILED);
    assert_non_null(strstr(reply.message.text, "which goes on: the worker died before Python had started: signal 9"));
    assert_int_equal(generation_of_new_program(SLOW), 2);
}

static void a_reload_is_a_new_beginning(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = client();
    const struct image *image = make_image("plugin", "");

    (void)state;
    assert_non_null(strstr(reload(COIL_MESSAGE_REPORT), "no worker runs any code that could be out of date\n"));
    for (int i = 0; i < 5; i++)
        (void)attach(wire, FAULTY, image);
    (void)attach(wire, FAULTY, image);
    assert_failed(COIL_REFUSED_CRASHES, "coilctl reload");
    (void)reload(COIL_MESSAGE_REPORT);
    (void)attach(wire, FAULTY, image);
    assert_failed(COIL_REFUSED_NO_PYTHON, "signal 11");
}

/* A module whose init code has failed is tried in a fresh interpreter; others go on where they are. */
static void failed_init_code_gets_a_fresh_worker(void **state)
{
    const struct image *image = make_image("plugin", "");
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *other = NULL;
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *next = NULL;
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *first = attached(HAPLESS, image);
    COIL_CLEANUP(coil_fd_close) int pidfd = fcntl(reply.fds[3], F_DUPFD_CLOEXEC, 3);

    (void)state;
    await_status("init code failed");
    next = attached(HAPLESS, image);
    assert_int_equal(reply.message.generation, 2);
    coil_wire_freep(&first);
    assert_true(is_dead(pidfd, TIMEOUT_MS)); /* nothing works there */

    run("touch %s/broken", prefix);
    coil_wire_freep(&next);
    first = attached(AGEING, image);
    assert_int_equal(reply.message.generation, 3);
    await_status("init code failed");
    run("rm %s/broken", prefix);
    assert_int_equal(module(first, make_image("other", "")), COIL_MESSAGE_LOADED);
    await_status(", open");
    other = attached(AGEING, make_image("other", ""));
    assert_int_equal(reply.message.generation, 3);
    next = attached(AGEING, make_image("plugin", ""));
    assert_int_equal(reply.message.generation, 4);
}

/* The program that finds it out is attached to the next generation; the one that was there goes on. */
static void edited_code_is_for_the_next_program(void **state)
{
    const struct image *image = make_image("plugin", "");
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *old = attached(EDITED, image);
    COIL_CLEANUP(coil_fd_close) int pidfd = fcntl(reply.fds[3], F_DUPFD_CLOEXEC, 3);
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *next = NULL;

    (void)state;
    next = attached(EDITED, image);
    assert_int_equal(reply.message.generation, 2);
    assert_true(log_has("generation 1 (pid .*) takes no more programs: /home/someone/helper.py has changed"));
    assert_int_equal(module(old, make_image("other", "")), COIL_MESSAGE_LOADED);
    assert_false(is_dead(pidfd, 0));
    coil_wire_freep(&old);
    assert_true(is_dead(pidfd, TIMEOUT_MS));
}

static void an_unused_worker_leaves(void **state)
{
    struct fixture *fixture = *state;
    static const char *const options[] = { "--idle-timeout", "1", NULL };
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *stays = NULL;
    COIL_CLEANUP(coil_fd_close) int pidfd = -1;
    char said[256];

    (void)kill(fixture->daemon, SIGTERM);
    assert_int_equal(wait_for(fixture->daemon), 0);
    fixture->daemon = start(said, sizeof said, options);
    assert_string_equal(said, "ready\n");
    stays = attached(GOOD, make_image("plugin", ""));
    (void)generation_of_new_program(STUBBORN);
    pidfd = fcntl(reply.fds[3], F_DUPFD_CLOEXEC, 3);
    sleep_ms(500);
    assert_int_equal(generation_of_new_program(STUBBORN), 2); /* used meanwhile */
    sleep_ms(700);
    assert_false(is_dead(pidfd, 0));
    assert_true(is_dead(pidfd, TIMEOUT_MS));
    await_status("programs: 1, workers: 1");
}

/* ---- the end ---- */

/* Sessions end first, and what their programs want meanwhile they want of the next daemon. */
static void stopping_drains(void **state)
{
    struct fixture *fixture = *state;
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *good = attached(GOOD, make_image("plugin", ""));
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *busy = attached(BUSY, make_image("plugin", ""));
    COIL_CLEANUP(coil_fd_close) int pidfd = fcntl(reply.fds[3], F_DUPFD_CLOEXEC, 3);

    assert_int_equal(kill(fixture->daemon, SIGTERM), 0);
    assert_eof(good);
    post(busy, (struct coil_message){ .type = COIL_MESSAGE_CHANNEL, .session = reply.message.session, .channel = 1 });
    sleep_ms(1000);
    assert_false(is_dead(pidfd, 0));
    assert_int_equal(await_reply(busy), COIL_MESSAGE_FAILED); /* after the bound */
    assert_eof(busy);
    assert_true(is_dead(pidfd, 0));
    assert_int_equal(wait_for(fixture->daemon), 0);
    fixture->daemon = 0;
    assert_true(log_has("ends what still runs: it has had its time"));
}

static void a_second_signal_does_not_wait(void **state)
{
    struct fixture *fixture = *state;
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *busy = attached(BUSY, make_image("plugin", ""));
    struct timespec begin;
    struct timespec end;

    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    assert_int_equal(kill(fixture->daemon, SIGTERM), 0);
    sleep_ms(200);
    assert_int_equal(kill(fixture->daemon, SIGTERM), 0);
    assert_eof(busy);
    assert_int_equal(wait_for(fixture->daemon), 0);
    fixture->daemon = 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    assert_in_range(end.tv_sec - begin.tv_sec, 0, 3);
}

/* Nobody waits for handlers whose programs have gone. */
static void programs_that_have_gone_do_not_hold_it_up(void **state)
{
    struct fixture *fixture = *state;
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *busy = attached(BUSY, make_image("plugin", ""));
    struct timespec begin;
    struct timespec end;

    coil_wire_freep(&busy);
    await_status("programs: 0");
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    assert_int_equal(kill(fixture->daemon, SIGTERM), 0);
    assert_int_equal(wait_for(fixture->daemon), 0);
    fixture->daemon = 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    assert_in_range(end.tv_sec - begin.tv_sec, 0, 3);
}

static void stopping_ends_a_reload(void **state)
{
    struct fixture *fixture = *state;
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *program = attached(SLOW, make_image("plugin", ""));
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *coilctl = client();

    post(coilctl, (struct coil_message){ .type = COIL_MESSAGE_RELOAD, .version = "" });
    await_status("generation 2, pid");
    assert_int_equal(kill(fixture->daemon, SIGTERM), 0);
    assert_eof(coilctl);
    assert_int_equal(wait_for(fixture->daemon), 0);
    fixture->daemon = 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_generation_takes_over),
        TEST(programs_follow),
        TEST(a_generation_that_cannot_leaves_the_old_one),
        TEST(reloads_follow_each_other),
        TEST(deaths_during_a_reload),
        TEST(a_reload_is_a_new_beginning),
        TEST(failed_init_code_gets_a_fresh_worker),
        TEST(edited_code_is_for_the_next_program),
        TEST(an_unused_worker_leaves),
        TEST(stopping_drains),
        TEST(a_second_signal_does_not_wait),
        TEST(programs_that_have_gone_do_not_hold_it_up),
        TEST(stopping_ends_a_reload),
    };
    int r;

    if (argc >= 5 && strcmp(argv[1], "--link-fd") == 0)
        return be_worker(argv[4]);
    r = cmocka_run_group_tests(tests, install, uninstall);
    coil_wire_message_deinit(&reply);
    return r;
}
