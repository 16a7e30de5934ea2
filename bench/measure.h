/*
 * Measuring one operation, many times: every program of the bench prints the
 * same line, "p50 p99 batch" in nanoseconds.
 *
 * p50 and p99 are of single calls, each between two readings of the clock, less what
 * reading it costs (the median of an empty measurement).  `batch` is the median
 * over batches of 1000 calls between two readings, divided by 1000: it has no
 * clock in it and no resolution to lose, but hides outliers.  The two should agree.
 */
#ifndef COIL_BENCH_MEASURE_H
#define COIL_BENCH_MEASURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MEASURE_BATCH 1000

static inline int64_t measure_now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int measure_compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static int64_t measure_percentile(int64_t *values, size_t count, unsigned percent)
{
    qsort(values, count, sizeof(*values), measure_compare);
    return values[(count - 1) * percent / 100];
}

/* Calls `operation` `count` times to warm up, and twice more to measure; prints the line. */
static inline void measure(void (*operation)(int n), size_t count)
{
    int64_t *values = malloc(count * sizeof(*values)), clock_ns, p50, p99, batch;
    size_t batches = count / MEASURE_BATCH;

    if (!values || !batches)
        exit(2);
    for (size_t i = 0; i < count; i++) {
        int64_t begin = measure_now_ns();

        values[i] = measure_now_ns() - begin;
    }
    clock_ns = measure_percentile(values, count, 50);
    for (size_t i = 0; i < count; i++)
        operation((int)i);
    for (size_t i = 0; i < count; i++) {
        int64_t begin = measure_now_ns();

        operation((int)i);
        values[i] = measure_now_ns() - begin - clock_ns;
    }
    p50 = measure_percentile(values, count, 50);
    p99 = measure_percentile(values, count, 99);
    for (size_t i = 0; i < batches; i++) {
        int64_t begin = measure_now_ns();

        for (int n = 0; n < MEASURE_BATCH; n++)
            operation(n);
        values[i] = measure_now_ns() - begin;
    }
    batch = measure_percentile(values, batches, 50);
    printf("%lld %lld %.1f\n", (long long)p50, (long long)p99, (double)batch / MEASURE_BATCH);
    free(values);
}

#endif
