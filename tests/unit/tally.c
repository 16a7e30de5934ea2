/*
 * The histogram: every duration has one bucket, whose bounds are close to it, and quantiles come from there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "proto/tally.h"

static void every_duration_is_in_its_bucket(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        for (uint64_t part = 0; part < 64; part++) {
            uint64_t ns = (UINT64_C(1) << bit) + (((UINT64_C(1) << bit) - 1) / 64) * part;
            unsigned bucket = coil_tally_bucket(ns);

            assert_true(bucket < COIL_TALLY_BUCKETS);
            assert_true(coil_tally_begin(bucket) <= ns);
            if (bucket < COIL_TALLY_BUCKETS - 1) {
                assert_true(ns < coil_tally_begin(bucket + 1));
                assert_true(bucket == 0 ||
                            coil_tally_begin(bucket + 1) - coil_tally_begin(bucket) <= coil_tally_begin(bucket) / 8);
            }
        }
    }
    assert_int_equal(coil_tally_bucket(0), 0);
    assert_int_equal(coil_tally_bucket(127), 0);
    assert_int_equal(coil_tally_bucket(128), 1);
    assert_int_equal(coil_tally_bucket(UINT64_MAX), COIL_TALLY_BUCKETS - 1);
}

static void buckets_follow_each_other(void **state)
{
    (void)state;
    for (unsigned i = 1; i < COIL_TALLY_BUCKETS; i++) {
        assert_true(coil_tally_begin(i) > coil_tally_begin(i - 1));
        assert_int_equal(coil_tally_bucket(coil_tally_begin(i)), i);
        assert_int_equal(coil_tally_bucket(coil_tally_begin(i) - 1), i - 1);
    }
    assert_true(coil_tally_begin(COIL_TALLY_BUCKETS - 1) == UINT64_C(1) << COIL_TALLY_LAST_BIT);
}

/* As a bucket's middle tells it. */
static void is_about(uint64_t got, uint64_t wanted)
{
    assert_true(got <= wanted + wanted / 8 && got + got / 8 >= wanted);
}

static void quantiles(void **state)
{
    uint64_t buckets[COIL_TALLY_BUCKETS] = { 0 };

    (void)state;
    assert_true(coil_tally_quantile_ns(buckets, 500) == 0);
    buckets[coil_tally_bucket(1000)] = 98;
    buckets[coil_tally_bucket(50000)] = 2;
    is_about(coil_tally_quantile_ns(buckets, 0), 1000);
    is_about(coil_tally_quantile_ns(buckets, 500), 1000);
    is_about(coil_tally_quantile_ns(buckets, 979), 1000);
    is_about(coil_tally_quantile_ns(buckets, 980), 50000);
    is_about(coil_tally_quantile_ns(buckets, 999), 50000);
    is_about(coil_tally_quantile_ns(buckets, 1000), 50000);
    /* So many that products of them do not fit. */
    buckets[coil_tally_bucket(1000)] = UINT64_MAX / 2;
    buckets[coil_tally_bucket(50000)] = UINT64_MAX / 4;
    is_about(coil_tally_quantile_ns(buckets, 660), 1000);
    is_about(coil_tally_quantile_ns(buckets, 670), 50000);
    /* Longer than there are buckets for. */
    memset(buckets, 0, sizeof buckets);
    buckets[COIL_TALLY_BUCKETS - 1] = 1;
    assert_true(coil_tally_quantile_ns(buckets, 500) == UINT64_C(1) << COIL_TALLY_LAST_BIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_duration_is_in_its_bucket),
        cmocka_unit_test(buckets_follow_each_other),
        cmocka_unit_test(quantiles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
