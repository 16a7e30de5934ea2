/*
 * The one setting of the daemon's configuration that programs read: whether Python may run in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/runtime.h"

static char folder[] = "/tmp/coil-test-policy-XXXXXX";
static char main_file[64], other_folder[80], other_file[96];

static int setup(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(main_file, sizeof main_file, "%s/coild.conf", folder);
    (void)snprintf(other_folder, sizeof other_folder, "%s.d", main_file);
    (void)snprintf(other_file, sizeof other_file, "%s/50.conf", other_folder);
    return mkdir(other_folder, 0700);
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(main_file);
    (void)unlink(other_file);
    (void)rmdir(other_folder);
    return rmdir(folder);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int policy_of(const char *text)
{
    struct coil_error error;

    write_file(main_file, text);
    return coil_policy_read(main_file, &error);
}

static void nothing_said_is_allowed(void **state)
{
    struct coil_error error;

    (void)state;
    assert_int_equal(coil_policy_read(main_file, &error), 0);
    assert_int_equal(coil_policy_read("/dev/null/coild.conf", &error), 0);
    assert_int_equal(policy_of(""), 0);
    assert_int_equal(policy_of("[daemon]\nin-process = forbid\n"), 0);
    assert_int_equal(policy_of("[programs]\n# in-process = forbid\n;in-process = forbid\nin-process-too = forbid\n"),
                     0);
    assert_int_equal(policy_of("[programs]\n[module x]\nin-process = forbid\n"), 0);
}

static void what_is_said_counts(void **state)
{
    (void)state;
    assert_int_equal(policy_of("[programs]\nin-process = allow\n"), 0);
    assert_int_equal(policy_of("[programs]\nin-process = forbid"), -EPERM);
    assert_int_equal(policy_of("[programs]\r\n\tin-process=forbid \r\n"), -EPERM);
    assert_int_equal(policy_of("[programs] ; for all\nin-process : forbid ; for now\n"), -EPERM);
    assert_int_equal(policy_of("[programs]\nin-process = allow ; not forbid\n"), 0);
    assert_int_equal(policy_of("[programs]\nin-process = forbidden\n"), -EPERM); /* a mistake opens nothing */
    assert_int_equal(policy_of("[module x]\n[programs]\nin-process = forbid\n"), -EPERM);
}

static void the_last_file_wins(void **state)
{
    struct coil_error error;

    (void)state;
    write_file(other_file, "[programs]\nin-process = forbid\n");
    assert_int_equal(policy_of("[programs]\nin-process = allow\n"), -EPERM);
    assert_int_equal(unlink(main_file), 0);
    assert_int_equal(coil_policy_read(main_file, &error), -EPERM);
    assert_non_null(strstr(error.text, main_file));
    write_file(other_file, "[programs]\nin-process = allow\n");
    assert_int_equal(policy_of("[programs]\nin-process = forbid\n"), 0);
}

static void what_cannot_be_read_forbids(void **state)
{
    struct coil_error error;

    (void)state;
    assert_int_equal(coil_policy_read(folder, &error), -EACCES); /* a folder cannot be read by anybody */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_said_is_allowed),
        cmocka_unit_test(what_is_said_counts),
        cmocka_unit_test(the_last_file_wins),
        cmocka_unit_test(what_cannot_be_read_forbids),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
