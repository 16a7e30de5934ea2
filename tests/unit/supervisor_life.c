/*
 * The daemon's own life: it starts once and cleanly or says why not, keeps nothing of programs that
 * come and go, and takes everything with it when it ends.
 */
#include "tests/unit/supervisor_fixture.h"

/* ---- the start ---- */

/* Nothing of the starter is left in the daemon. */
static void the_daemon_is_clean(void **state)
{
    struct fixture *fixture = *state;
    char path[64];
    char target[256] = "";
    struct stat status;

    /* stdin, the log twice, lock, socket, spare, and libuv's own; no terminal, no pipe of ours. */
    for (int fd = 0; fd < 3; fd++) {
        memset(target, 0, sizeof target);
        (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)fixture->daemon, fd);
        assert_true(readlink(path, target, sizeof target - 1) > 0);
        assert_string_equal(target, fd == 0 ? "/dev/null" : path_of("sock.log"));
    }
    (void)snprintf(path, sizeof path, "/proc/%d/cwd", (int)fixture->daemon);
    memset(target, 0, sizeof target);
    assert_true(readlink(path, target, sizeof target - 1) > 0);
    assert_string_equal(target, "/");
    assert_int_equal(getsid(fixture->daemon), fixture->daemon);
    assert_int_equal(stat(path_of("sock"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(stat(path_of("sock.log"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

static void a_second_daemon_finds_the_first(void **state)
{
    char said[256];

    (void)state;
    assert_int_equal(wait_for(start(said, sizeof said, NULL)), 0);
    assert_string_equal(said, "ready\n");
    assert_non_null(strstr(status_report(), "workers: 0"));
}

/* Killed, so that socket and lock stay; then several start at once, one becomes the daemon, and the others find it. */
static void a_stale_socket_is_replaced(void **state)
{
    struct fixture *fixture = *state;
    char command[2 * sizeof programs + 1024];

    assert_int_equal(kill(fixture->daemon, SIGKILL), 0);
    (void)wait_for(fixture->daemon);
    fixture->daemon = 0;
    (void)snprintf(command, sizeof command, "for i in 1 2 3 4 5 6; do %s/bin/coild & done 2>/dev/null; "
                   "until '%s/coilctl' status >/dev/null 2>&1; do sleep 0.01; done; "
                   "sleep 0.2; '%s/coilctl' stop && wait", prefix, programs, programs);
    assert_int_equal(system(command), 0);
}

static void refuse_start(const char *const *options, const char *words)
{
    char said[2048];
    int status = wait_for(start(said, sizeof said, options));

    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    if (!strstr(said, words))
        fail_msg("expected \"%s\" in \"%s\"", words, said);
    assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1); /* one line */
}

static void a_start_that_fails_says_why(void **state)
{
    (void)state;
    run("cd %s && mkdir runtime runtime/coil && chmod 755 runtime/coil && touch file && chmod 700 runtime", prefix);
    refuse_start((const char *const[]){ "--socket", path_of("no/sock"), NULL }, "its folder does not exist");
    refuse_start((const char *const[]){ "--socket", "/proc/self/sock", NULL }, "set COIL_SOCKET");
    refuse_start((const char *const[]){ "--socket", path_of("file"), NULL }, "is not a socket");
    refuse_start((const char *const[]){ "--socket", "", NULL }, "is empty");
    refuse_start((const char *const[]){ "--idle-timeout", "soon", NULL }, "needs a number");
    refuse_start((const char *const[]){ "--socket",
                 "/tmp/01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789x",
                 NULL }, "longer than 107 bytes");
    refuse_start((const char *const[]){ "--log", "/proc/no/log", "--socket", path_of("other"), NULL },
                 "cannot open the log file");
    (void)unsetenv("COIL_SOCKET");
    (void)setenv("XDG_RUNTIME_DIR", path_of("runtime"), 1);
    refuse_start(NULL, "open to other users (mode 0755): run chmod 700");
    run("cd %s && rmdir runtime/coil && ln -s /tmp runtime/coil", prefix);
    refuse_start(NULL, "is a symbolic link");
    run("cd %s && rm runtime/coil && touch runtime/coil", prefix);
    refuse_start(NULL, "is not a folder");
    run("cd %s && rm runtime/coil && mkdir -m 700 runtime/coil", prefix);
    if (geteuid() == 0) {
        run("chown 65534 %s/runtime/coil", prefix);
        refuse_start(NULL, "belongs to user 65534");
    }
    (void)setenv("XDG_RUNTIME_DIR", "/proc/self", 1);
    refuse_start(NULL, "cannot create the runtime folder /proc/self/coil");
    (void)unsetenv("XDG_RUNTIME_DIR");
    (void)setenv("COIL_SOCKET", path_of("sock"), 1);
    run("rm -rf %s/runtime %s/file", prefix, prefix);
}

/* ---- nothing stays behind ---- */

static void attaching_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    const struct image *image = make_image("plugin", "");
    struct coil_wire *wire = attached(GOOD, image);
    unsigned fds;

    coil_wire_free(wire);
    await_status("sessions 0");
    sleep_ms(50);
    fds = count_daemon_fds(fixture);
    for (int i = 0; i < 500; i++) {
        wire = attached(GOOD, image);
        coil_wire_free(wire);
    }
    await_status("sessions 0");
    sleep_ms(50);
    assert_int_equal(count_daemon_fds(fixture), fds);
}

/* Programs that end at every point of attaching. */
static void programs_that_go_away_leave_nothing(void **state)
{
    struct fixture *fixture = *state;
    const struct image *image = make_image("plugin", "");
    struct coil_wire *wire = attached(GOOD, image);
    unsigned fds;

    coil_wire_free(wire);
    await_status("sessions 0");
    sleep_ms(50);
    fds = count_daemon_fds(fixture);
    for (int i = 0; i < 200; i++) {
        wire = client();
        post(wire, attach_message(i % 2 ? GOOD : SLOW, image));
        if (i % 3 == 0)
            sleep_ms(i % 4);
        coil_wire_free(wire);
    }
    await_status("programs: 0");
    sleep_ms(1500);
    assert_null(strstr(status_report(), "session:"));
    sleep_ms(50);
    /* The slow worker has a link, a heap, its tallies and a pidfd. */
    assert_int_equal(count_daemon_fds(fixture), fds + 4);
}

static void garbage_harms_nobody(void **state)
{
    struct fixture *fixture = *state;
    static const char *const garbage[] = { "\xff\xff\xff\xff", "GET / HTTP/1.0\r\n\r\n", "\x05\0\0\0\xdf\xff\xff\xff\xff",
                                           "\x01\0\0\0\xc0" };
    static const size_t sizes[] = { 4, 18, 9, 5 };
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *good = attached(GOOD, make_image("plugin", ""));
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *halted = client();
    unsigned fds;

    sleep_ms(50);
    fds = count_daemon_fds(fixture);
    (void)!write(coil_wire_fd(halted), "\x10\0", 2); /* never sends the rest */
    for (unsigned i = 0; i < 200; i++) {
        COIL_CLEANUP(coil_fd_close) int fd = connect_raw();

        (void)!write(fd, garbage[i % 4], sizes[i % 4]);
        if (i < 4) {
            char answer[64];

            assert_true(read(fd, answer, sizeof answer) > 0); /* told why */
        }
    }
    assert_int_equal(module(good, make_image("other", "")), COIL_MESSAGE_LOADED);
    await_status("programs: 1");
    sleep_ms(50);
    assert_int_equal(count_daemon_fds(fixture), fds);
    assert_true(log_has("is disconnected: a message came whose length is impossible"));
}

/* ---- the end ---- */

static void coilctl_stops_everything(void **state)
{
    struct fixture *fixture = *state;
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *good = attached(GOOD, make_image("plugin", ""));
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *stubborn = attached(STUBBORN, make_image("plugin", ""));
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *starting = client();
    COIL_CLEANUP(coil_fd_close) int pidfd = fcntl(reply.fds[3], F_DUPFD_CLOEXEC, 3);

    post(starting, attach_message(SLOW, make_image("plugin", "")));
    run("%s/coilctl status | grep -q 'programs: [23], workers: [23]'", programs);
    run("%s/coilctl stop", programs);
    assert_true(is_dead(pidfd, 0));
    assert_nothing_left();
    assert_int_equal(wait_for(fixture->daemon), 0);
    fixture->daemon = 0;
    assert_eof(good);
    assert_eof(stubborn);
    run("%s/coilctl status 2>&1 | grep -q 'no daemon is running at %s/sock'", programs, prefix);
    run("! %s/coilctl stop 2>/dev/null", programs);
    run("%s/coilctl --version | grep -q %s", programs, COIL_VERSION);
    run("! %s/coilctl dance 2>/dev/null", programs);
}

static void a_signal_stops_everything(void **state)
{
    struct fixture *fixture = *state;
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = attached(GOOD, make_image("plugin", ""));
    COIL_CLEANUP(coil_fd_close) int pidfd = fcntl(reply.fds[3], F_DUPFD_CLOEXEC, 3);

    assert_int_equal(kill(fixture->daemon, SIGINT), 0);
    assert_int_equal(wait_for(fixture->daemon), 0);
    fixture->daemon = 0;
    assert_true(is_dead(pidfd, 0));
    assert_eof(wire);
}

static void an_idle_daemon_leaves(void **state)
{
    struct fixture *fixture = *state;
    static const char *const options[] = { "--idle-timeout", "1", NULL };
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = NULL;
    char said[256];

    (void)kill(fixture->daemon, SIGTERM);
    assert_int_equal(wait_for(fixture->daemon), 0);
    fixture->daemon = start(said, sizeof said, options);
    assert_string_equal(said, "ready\n");
    wire = attached(GOOD, make_image("plugin", ""));
    sleep_ms(1300);
    assert_int_equal(kill(fixture->daemon, 0), 0); /* a program is there */
    coil_wire_freep(&wire);
    assert_int_equal(wait_for(fixture->daemon), 0);
    fixture->daemon = 0;
    assert_true(log_has("no program for a long time"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(the_daemon_is_clean),
        TEST(a_second_daemon_finds_the_first),
        TEST(a_stale_socket_is_replaced),
        cmocka_unit_test(a_start_that_fails_says_why),
        TEST(attaching_leaves_nothing),
        TEST(programs_that_go_away_leave_nothing),
        TEST(garbage_harms_nobody),
        TEST(coilctl_stops_everything),
        TEST(a_signal_stops_everything),
        TEST(an_idle_daemon_leaves),
    };
    int r;

    if (argc >= 5 && strcmp(argv[1], "--link-fd") == 0)
        return be_worker(argv[4]);
    r = cmocka_run_group_tests(tests, install, uninstall);
    coil_wire_message_deinit(&reply);
    return r;
}
