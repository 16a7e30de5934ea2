/*
 * Regions of programs' memory in a worker: two programs do not get in each other's way, what a session had is covered
 * when it ends; and checked memory is inaccessible between calls.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/worker/worker.h"
#include "proto/location.h"

#define UNIT COIL_REGION_UNIT

const struct coil_host_api *coil_worker_host;

static int make_file(uint64_t size)
{
    int fd = memfd_create("coil-test", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    return fd;
}

static int reserve(void **state)
{
    struct coil_error error;
    char slots[PATH_MAX];

    (void)state;
    if (coil_location("../../lib/coil/slots", slots, sizeof slots, &error) < 0 ||
        coil_functions_prepare(slots, &error) < 0)
        return -1;
    return coil_memory_reserve(&error);
}

static void open_session(uint64_t number)
{
    const struct coil_message message = { .session = number, .base = COIL_RANGE_BEGIN + number * COIL_WINDOW_STRIDE };
    int fds[4] = { make_file(COIL_REQUESTS_SIZE), make_file(COIL_REPLIES_SIZE), make_file(COIL_STAGING_SIZE),
                   make_file(COIL_STAGING_SIZE) };
    struct coil_error error;

    assert_int_equal(coil_session_open(&message, fds, &error), 0);
    for (int i = 0; i < 4; i++)
        (void)close(fds[i]);
}

static void close_session(uint64_t number)
{
    struct coil_error error;
    uint64_t request;
    bool closing;

    assert_int_equal(coil_session_close(number, 1, &error), 0);
    assert_true(coil_sessions_reap(&request, &closing));
}

/* Maps a region of `units` for a session; its memory begins with `text`. */
static int show(uint64_t number, uint64_t base, unsigned units, const char *text)
{
    struct coil_error error = { 0 };
    int fd = make_file(units * UNIT), r;

    assert_int_equal(pwrite(fd, text, strlen(text), 0), (ssize_t)strlen(text));
    r = coil_session_region(number, base, units * UNIT, fd, &error);
    assert_true(r == 0 || strlen(error.text) > 10);
    (void)close(fd);
    return r;
}

static const char *at(uint64_t address)
{
    return (const char *)(uintptr_t)address;
}

static void regions(void **state)
{
    const uint64_t a = COIL_REGIONS_BEGIN + 5 * UNIT, b = COIL_REGIONS_END - UNIT;

    (void)state;
    open_session(1);
    open_session(2);
    assert_int_equal(show(1, a, 2, "first"), 0);
    assert_int_equal(show(2, b, 1, "second"), 0);
    assert_string_equal(at(a), "first");
    assert_string_equal(at(b), "second");
    /* Somebody else's place, or part of it. */
    assert_int_equal(show(2, a, 1, "x"), -EADDRINUSE);
    assert_int_equal(show(2, a + UNIT, 1, "x"), -EADDRINUSE);
    assert_int_equal(show(2, a - UNIT, 2, "x"), -EADDRINUSE);
    assert_int_equal(show(1, a, 1, "x"), -EADDRINUSE);
    assert_int_equal(show(2, a + 2 * UNIT, 1, "next"), 0);
    assert_string_equal(at(a), "first");
    /* Nowhere. */
    assert_int_equal(show(1, COIL_RANGE_BEGIN, 1, "x"), -EINVAL);
    assert_int_equal(show(1, b, 2, "x"), -EINVAL);
    assert_int_equal(show(1, a + 64, 1, "x"), -EINVAL);
    assert_int_equal(show(3, COIL_REGIONS_BEGIN, 1, "x"), -ENOENT);

    close_session(1);
    assert_string_equal(at(a), ""); /* stale pointers read zeros */
    assert_string_equal(at(a + 2 * UNIT), "next");
    assert_int_equal(show(2, a, 1, "free"), 0);
    assert_string_equal(at(a), "free");
    for (unsigned i = 3; i < COIL_SESSION_REGIONS_MAX; i++)
        assert_int_equal(show(2, a + i * 4 * UNIT, 1, "x"), 0);
    assert_int_equal(show(2, a + 1000 * UNIT, 1, "x"), -ENOSPC);
    close_session(2);
    assert_string_equal(at(b), "");
}

/* Does reading there end a process?  What it says goes to `said`. */
static bool is_fatal(uint64_t address, char said[1000])
{
    int pipe_fds[2], status;
    ssize_t size;
    pid_t child;

    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    child = fork();
    if (child == 0) {
        (void)dup2(pipe_fds[1], STDERR_FILENO);
        (void)signal(SIGSEGV, SIG_DFL);
        if (coil_fatal_prepare() < 0)
            _Exit(2);
        _Exit(*(volatile const char *)at(address) == 0 ? 0 : 1);
    }
    (void)close(pipe_fds[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    size = read(pipe_fds[0], said, 999);
    said[size > 0 ? size : 0] = '\0';
    (void)close(pipe_fds[0]);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

static void checked(void **state)
{
    const uint64_t staging = COIL_RANGE_BEGIN + COIL_WINDOW_STRIDE + COIL_STAGING_OFFSET;
    const struct coil_session session = { .base = COIL_RANGE_BEGIN + COIL_WINDOW_STRIDE };
    struct coil_checked_range ranges[COIL_CHECKED_RANGES] = { { staging, staging + 8192 },
                                                              { staging + 65536, staging + 69632 } };
    struct coil_error error;
    char said[1000];

    (void)state;
    open_session(1);
    assert_int_equal(coil_check_open(&session, ranges, &error), 0);
    assert_false(is_fatal(staging, said));
    coil_check_close(ranges, "module", "function");
    assert_true(is_fatal(staging + 8191, said));
    assert_non_null(strstr(said, "a call of module.function(), which has ended"));
    assert_true(is_fatal(staging + 65536, said));
    assert_false(is_fatal(staging + 8192, said));
    assert_int_equal(coil_check_open(&session, ranges, &error), 0);
    assert_false(is_fatal(staging, said));

    /* What a client could harm with it. */
    ranges[1] = (struct coil_checked_range){ staging - 4096, staging + 4096 };
    assert_int_equal(coil_check_open(&session, ranges, &error), -EPROTO);
    ranges[1] = (struct coil_checked_range){ staging, staging + COIL_STAGING_CLIENT_SIZE + 4096 };
    assert_int_equal(coil_check_open(&session, ranges, &error), -EPROTO);
    ranges[1] = (struct coil_checked_range){ staging + 1, staging + 4096 };
    assert_int_equal(coil_check_open(&session, ranges, &error), -EPROTO);
    ranges[1] = (struct coil_checked_range){ staging + 4096, staging + 4096 };
    assert_int_equal(coil_check_open(&session, ranges, &error), -EPROTO);
    close_session(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(regions), cmocka_unit_test(checked) };

    return cmocka_run_group_tests(tests, reserve, NULL);
}
