/* Summaries of many readings: measure.h. */
#include "measure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define CALIBRATION_NS 20000000
#define EMPTY_PAIRS 10000
#define BUCKETS_PER_DOUBLING 16

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double measure_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return values[(count - 1) / 2];
}

/* Of sorted values that come in steps: interpolated within the step. */
static double percentile(const double *sorted, size_t count, double part, double step)
{
    double rank = (double)(count - 1) * part, value = sorted[(size_t)rank];
    size_t first = (size_t)rank, behind = (size_t)rank;

    while (first > 0 && sorted[first - 1] > value - step / 2)
        first--;
    while (behind < count && sorted[behind] < value + step / 2)
        behind++;
    if (behind - first < 2)
        return value;
    return value - step / 2 + step * (rank + 0.5 - (double)first) / (double)(behind - first);
}

static double smallest_difference(const double *sorted, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (sorted[i] > sorted[i - 1])
            return sorted[i] - sorted[i - 1];
    return 0;
}

void measure_clock_calibrate(struct measure_clock *clock)
{
    static double empty[EMPTY_PAIRS];
    int64_t begin_ns = measure_now_ns(), end_ns;
    uint64_t begin = measure_begin(), end;
    double step;

    for (size_t i = 0; i < EMPTY_PAIRS; i++) {
        uint64_t first = measure_begin();

        empty[i] = (double)(measure_end() - first);
    }
    qsort(empty, EMPTY_PAIRS, sizeof *empty, compare);
    step = smallest_difference(empty, EMPTY_PAIRS);
    clock->overhead = percentile(empty, EMPTY_PAIRS, 0.5, step);
    do {
        end_ns = measure_now_ns();
        end = measure_end();
    } while (end_ns - begin_ns < CALIBRATION_NS);
    clock->ns_per_tick = (double)(end_ns - begin_ns) / (double)(end - begin);
    clock->step_ns = step * clock->ns_per_tick;
}

void measure_summarize(double *values, size_t count, double step, struct measure_summary *ret_summary)
{
    double sum = 0;

    qsort(values, count, sizeof *values, compare);
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    *ret_summary = (struct measure_summary){ .p50 = percentile(values, count, 0.5, step),
                                             .p99 = percentile(values, count, 0.99, step),
                                             .p999 = percentile(values, count, 0.999, step),
                                             .worst = values[count - 1],
                                             .mean = sum / (double)count };
}

static int bucket_of(double value)
{
    return value <= 1 ? 0 : (int)floor(BUCKETS_PER_DOUBLING * log2(value));
}

void measure_print_histogram(const double *sorted, size_t count)
{
    const char *separator = "";

    printf("[");
    for (size_t i = 0; i < count;) {
        int bucket = bucket_of(sorted[i]);
        size_t begin = i;

        while (i < count && bucket_of(sorted[i]) == bucket)
            i++;
        printf("%s[%d, %zu]", separator, bucket, i - begin);
        separator = ", ";
    }
    printf("]");
}
