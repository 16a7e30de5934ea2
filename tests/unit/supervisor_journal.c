/*
 * Lines with fields: what the journal gets of a line about a client, and of one about nobody.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/supervisor/journal.h"
#include "daemon/supervisor/log.h"

static struct sockaddr_un address = { .sun_family = AF_UNIX };
static int listener = -1;

/* A socket in the journal's place. */
static int setup(void **state)
{
    (void)state;
    (void)snprintf(address.sun_path, sizeof address.sun_path, "/tmp/coil-test-journal-%d", (int)getpid());
    (void)unlink(address.sun_path);
    listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return bind(listener, (const struct sockaddr *)&address, sizeof address);
}

static int teardown(void **state)
{
    (void)state;
    coil_journal_close();
    (void)close(listener);
    return unlink(address.sun_path);
}

static const char *next(void)
{
    static char message[8192];
    ssize_t got = recv(listener, message, sizeof message - 1, MSG_DONTWAIT);

    assert_true(got > 0);
    /* A length has zeros in it. */
    for (ssize_t i = 0; i < got; i++) {
        if (message[i] == '\0')
            message[i] = '.';
    }
    message[got] = '\0';
    return message;
}

static void lines_have_fields(void **state)
{
    const struct coil_log_about about = { .pid = 77, .uid = 1003, .module = "calc" };
    const struct coil_log_about nameless = { .pid = 78, .uid = 0 };
    char wanted[512];

    (void)state;
    assert_int_equal(coil_journal_open(address.sun_path), 0);
    coil_log_about(&about, "%s", "it is refused");
    (void)snprintf(
        wanted, sizeof wanted,
        "MESSAGE=client pid 77 uid 1003: module \"calc\": it is refused\nPRIORITY=6\n"
        "SYSLOG_IDENTIFIER=coild\nSYSLOG_PID=%d\nCOIL_CLIENT_PID=77\nCOIL_CLIENT_UID=1003\nCOIL_MODULE=calc\n",
        (int)getpid());
    assert_string_equal(next(), wanted);
    coil_log_about(&nameless, "is disconnected");
    assert_non_null(strstr(next(), "MESSAGE=client pid 78 uid 0: is disconnected\n"));
    coil_log("about nobody");
    assert_null(strstr(next(), "COIL_"));
}

/* A name may not add fields of its own. */
static void names_stay_in_their_field(void **state)
{
    const struct coil_log_about about = { .pid = 77, .uid = 1003, .module = "x\nCOIL_CLIENT_UID=0" };
    const char *got;

    (void)state;
    assert_int_equal(coil_journal_open(address.sun_path), 0);
    coil_log_about(&about, "a line");
    got = next();
    assert_non_null(strstr(got, "MESSAGE=client pid 77 uid 1003: module \"x|COIL_CLIENT_UID=0\": a line\n"));
    assert_non_null(strstr(got, "\nCOIL_MODULE\n\x13.......x\nCOIL_CLIENT_UID=0\n"));
}

static void whom_stderr_belongs_to(void **state)
{
    struct stat status;
    char stream[64];

    (void)state;
    assert_int_equal(fstat(STDERR_FILENO, &status), 0);
    (void)snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)status.st_dev,
                   (unsigned long long)status.st_ino);
    assert_true(coil_journal_is_stderr(stream));
    strcat(stream, "0");
    assert_false(coil_journal_is_stderr(stream));
    assert_false(coil_journal_is_stderr(NULL));
    assert_false(coil_journal_is_stderr(""));
    assert_false(coil_journal_is_stderr("1:"));
}

/* Nobody there: the line is not lost. */
static void without_a_journal(void **state)
{
    (void)state;
    assert_true(coil_journal_open("/nonexistent/socket") < 0);
    coil_journal_close();
    assert_false(coil_journal_send("a line", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_have_fields, setup, teardown),
        cmocka_unit_test_setup_teardown(names_stay_in_their_field, setup, teardown),
        cmocka_unit_test(whom_stderr_belongs_to),
        cmocka_unit_test(without_a_journal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
