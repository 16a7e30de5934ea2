/* The policy of starting workers again: what a death costs, what ends it, and when it is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/supervisor/restart.h"

#define SIGNAL "signal 11 (Segmentation fault)"

static void the_first_deaths_cost_nothing(void **state)
{
    struct coil_restart restart = { 0 };

    (void)state;
    assert_int_equal(coil_restart_delay_ms(&restart, 1000), 0);
    for (int i = 0; i < 2; i++) {
        coil_restart_died(&restart, 1000, false, SIGNAL);
        assert_int_equal(coil_restart_delay_ms(&restart, 1000), 0);
    }
}

static void delays_double_up_to_a_second(void **state)
{
    static const unsigned expected[] = { 100, 200, 400, 800, 1000, 1000, 1000 };
    struct coil_restart restart = { .deaths = 2 };
    uint64_t now_ms = 5000;

    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        coil_restart_died(&restart, now_ms, true, "signal 9");
        assert_in_range(coil_restart_delay_ms(&restart, now_ms), expected[i] * 3 / 4, expected[i] * 5 / 4);
        /* Whoever comes later has waited already. */
        assert_int_equal(coil_restart_delay_ms(&restart, now_ms + 1250), 0);
        now_ms += 3000;
    }
    restart.deaths = UINT32_MAX / 2;
    coil_restart_died(&restart, now_ms, true, "signal 9");
    assert_in_range(coil_restart_delay_ms(&restart, now_ms), 750, 1250);
}

static void delays_differ(void **state)
{
    uint64_t first = 0;
    int different = 0;

    (void)state;
    for (int i = 0; i < 50; i++) {
        struct coil_restart restart = { .deaths = 6 };

        coil_restart_died(&restart, 0, true, "signal 9");
        if (i == 0)
            first = coil_restart_delay_ms(&restart, 0);
        different += coil_restart_delay_ms(&restart, 0) != first;
    }
    assert_in_range(different, 10, 49);
}

static void crashes_in_a_row_stop_it(void **state)
{
    struct coil_restart restart = { 0 };
    char text[512];

    (void)state;
    for (int i = 0; i < COIL_RESTART_CRASHES_MAX; i++) {
        assert_false(coil_restart_is_stopped(&restart));
        coil_restart_died(&restart, 0, false, SIGNAL);
    }
    assert_true(coil_restart_is_stopped(&restart));
    coil_restart_explain(&restart, "/tmp/the.log", text, sizeof text);
    assert_non_null(strstr(text, SIGNAL));
    assert_non_null(strstr(text, "coilctl reload"));
    assert_non_null(strstr(text, "/tmp/the.log"));
    coil_restart_reset(&restart);
    assert_false(coil_restart_is_stopped(&restart));
    assert_int_equal(coil_restart_delay_ms(&restart, 0), 0);
}

static void being_killed_delays_but_never_stops(void **state)
{
    struct coil_restart restart = { 0 };

    (void)state;
    for (int i = 0; i < 100; i++)
        coil_restart_died(&restart, 0, true, "signal 9 (Killed)");
    assert_false(coil_restart_is_stopped(&restart));
    assert_true(coil_restart_delay_ms(&restart, 0) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_deaths_cost_nothing),
        cmocka_unit_test(delays_double_up_to_a_second),
        cmocka_unit_test(delays_differ),
        cmocka_unit_test(crashes_in_a_row_stop_it),
        cmocka_unit_test(being_killed_delays_but_never_stops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
