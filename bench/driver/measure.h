/*
 * Readings of the clock, and what is made of many of them.
 *
 * On x86-64 the clock is the time-stamp counter between two fences, whose rate is found at the start by comparison with
 * CLOCK_MONOTONIC; elsewhere it is CLOCK_MONOTONIC itself.  What a pair of readings costs (the median of many
 * pairs with nothing between them) is taken off each single measurement.
 *
 * Virtual machines have clocks that move in steps, of 10 ns for instance.  Where in a step a measurement begins is
 * chance, so percentiles are interpolated within the step they fall into, as of grouped data.
 */
#ifndef COIL_BENCH_MEASURE_H
#define COIL_BENCH_MEASURE_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

static inline int64_t measure_now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* A reading before, and one behind, what is measured: nothing of it is executed outside of the two. */
static inline uint64_t measure_begin(void)
{
#if defined(__x86_64__)
    uint64_t ticks;

    _mm_lfence();
    ticks = __rdtsc();
    _mm_lfence();
    return ticks;
#else
    return (uint64_t)measure_now_ns();
#endif
}

static inline uint64_t measure_end(void)
{
#if defined(__x86_64__)
    unsigned processor;
    uint64_t ticks = __rdtscp(&processor);

    _mm_lfence();
    return ticks;
#else
    return (uint64_t)measure_now_ns();
#endif
}

struct measure_clock {
    double ns_per_tick;
    double overhead; /* ticks */
    double step_ns;  /* the smallest difference between two readings */
};

/* Takes 20 ms. */
void measure_clock_calibrate(struct measure_clock *clock);

/* Single measurements, in ns, in any order; sorts them. */
struct measure_summary {
    double p50, p99, p999, worst, mean;
};
void measure_summarize(double *values, size_t count, double step, struct measure_summary *ret_summary);

double measure_median(double *values, size_t count); /* sorts them */

/* Prints the values as JSON: [[bucket, count], ...]; a value v lies in bucket floor(16 log2(v)). */
void measure_print_histogram(const double *sorted, size_t count);

#endif
