/*
 * Whatever bytes a name has, readers of JSON and OpenMetrics get what they understand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "daemon/supervisor/escape.h"

static void check(void (*escape)(FILE *, const char *), const char *text, const char *wanted)
{
    char *got = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&got, &size);

    assert_non_null(out);
    escape(out, text);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(got, wanted);
    free(got);
}

static void json(void **state)
{
    (void)state;
    check(coil_escape_json, "", "\"\"");
    check(coil_escape_json, "a.b", "\"a.b\"");
    check(coil_escape_json, "a\"b\\c\nd\te\x7f", "\"a\\\"b\\\\c\\nd\\u0009e\\u007f\"");
    check(coil_escape_json, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x8d", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x8d\"");
}

static void what_is_no_utf8(void **state)
{
    (void)state;
    check(coil_escape_json, "\xff", "\"\xef\xbf\xbd\"");
    check(coil_escape_json, "\xc3", "\"\xef\xbf\xbd\"");                                 /* cut off */
    check(coil_escape_json, "\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"");                 /* longer than it has to be */
    check(coil_escape_json, "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""); /* half a pair */
    check(coil_escape_json, "\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void labels_and_words(void **state)
{
    (void)state;
    check(coil_escape_label, "a\"b\\c\nd\te", "\"a\\\"b\\\\c\\nd?e\"");
    check(coil_escape_word, "a\tb\nc\"d\\e", "a?b?c\"d\\e");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json),
        cmocka_unit_test(what_is_no_utf8),
        cmocka_unit_test(labels_and_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
