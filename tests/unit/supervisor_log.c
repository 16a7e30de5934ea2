/*
 * The daemon's log: lines stay lines, and nobody can fill the disk with them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/supervisor/log.h"

/* Runs `write` in a process whose output is the log, and returns what stands in it; free() it. */
static char *log_of(void (*write_lines)(void))
{
    char path[] = "/tmp/coil-test-log-XXXXXX";
    int fd = mkstemp(path), status;
    char *text = calloc(1, 1 << 20);
    pid_t child;

    assert_true(fd >= 0);
    assert_non_null(text);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct coil_error error;

        if (coil_log_open(path, &error) < 0)
            _exit(1);
        write_lines();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(read(fd, text, (1 << 20) - 1) >= 0);
    (void)close(fd);
    (void)unlink(path);
    return text;
}

static unsigned lines_in(const char *text, const char *with)
{
    unsigned count = 0;

    for (const char *at = text; (at = strstr(at, with)); at += strlen(with))
        count++;
    return count;
}

static void write_one(void)
{
    coil_log("client \"%s\" did this", "a\nb");
}

static void what_others_say_stays_on_its_line(void **state)
{
    char *text = log_of(write_one);

    (void)state;
    assert_int_equal(lines_in(text, "\n"), 1);
    assert_non_null(strstr(text, " coild: client \"a|b\" did this\n"));
    free(text);
}

static void write_long(void)
{
    char name[5000];

    memset(name, 'x', sizeof name);
    coil_log("%.*s", (int)sizeof name, name);
    coil_log("next");
}

static void long_lines_are_cut(void **state)
{
    char *text = log_of(write_long);

    (void)state;
    assert_int_equal(lines_in(text, "\n"), 2);
    assert_non_null(strstr(text, " coild: next\n"));
    free(text);
}

static void write_many(void)
{
    for (int i = 0; i < 5000; i++)
        coil_log("line");
    (void)usleep(300000);
    coil_log("after");
}

static void too_many_are_counted_and_not_written(void **state)
{
    char *text = log_of(write_many);
    unsigned written = lines_in(text, " line\n"), left_out = 0;
    const char *words = strstr(text, " lines were left out");

    (void)state;
    assert_in_range(written, 2000, 2100);
    assert_non_null(words);
    while (words[-1] >= '0' && words[-1] <= '9')
        words--;
    left_out = (unsigned)atoi(words);
    assert_int_equal(written + left_out, 5000);
    assert_non_null(strstr(text, " after\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_others_say_stays_on_its_line),
        cmocka_unit_test(long_lines_are_cut),
        cmocka_unit_test(too_many_are_counted_and_not_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
