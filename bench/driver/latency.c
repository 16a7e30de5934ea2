/*
 * What one call costs, measured in two ways that should agree: each call between two readings of the clock
 * (percentiles, histogram), and batches of calls between two readings (no clock in it, but outliers are hidden).
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "driver.h"

#define SAMPLES_MAX 1000000
#define SAMPLES_MIN 3
#define BATCHES 30
#define BATCH_NS 50000.0
#define BATCH_MAX 1000

static double samples[SAMPLES_MAX];

/* Single calls, until there are enough or the time is over; returns how many. */
static size_t measure_singles(const struct work *work, size_t count, int64_t limit_ns)
{
    int64_t end_ns = measure_now_ns() + limit_ns;
    size_t done = 0;

    for (; done < count; done++) {
        uint64_t begin, end;

        /* Reading the clock now and then, for short calls; each time, for long ones. */
        if (done >= SAMPLES_MIN && (done % 64 == 0 || samples[done - 1] > 10000) && measure_now_ns() > end_ns)
            break;
        begin = measure_begin();
        work->run((int)done);
        end = measure_end();
        samples[done] = ((double)(end - begin) - driver_clock.overhead) * driver_clock.ns_per_tick;
    }
    return done;
}

static double measure_batches(const struct work *work, double about_ns, int64_t limit_ns)
{
    int64_t end_ns = measure_now_ns() + limit_ns;
    int size = about_ns * BATCH_MAX < BATCH_NS ? BATCH_MAX : (int)(BATCH_NS / about_ns) + 1;
    double batches[BATCHES];
    size_t done = 0;

    do {
        uint64_t begin = measure_begin();

        for (int n = 0; n < size; n++)
            work->run(n);
        batches[done++] = (double)(measure_end() - begin) * driver_clock.ns_per_tick / size;
    } while (done < BATCHES && (done < SAMPLES_MIN || measure_now_ns() < end_ns));
    return measure_median(batches, done);
}

static void print_summary(double *values, size_t count, double batch)
{
    struct measure_summary summary;

    measure_summarize(values, count, driver_clock.step_ns, &summary);
    printf("{\"p50\": %.1f, \"p99\": %.1f, \"p999\": %.1f, \"worst\": %.1f, \"mean\": %.1f, \"batch\": %.1f, "
           "\"count\": %zu, \"histogram\": ",
           summary.p50, summary.p99, summary.p999, summary.worst, summary.mean, batch, count);
    measure_print_histogram(values, count);
    printf("}\n");
}

void latency_command(const struct work *work, long count, long limit_ms)
{
    int64_t limit_ns = (int64_t)limit_ms * 1000000;
    size_t done;
    double batch;

    if (count > SAMPLES_MAX)
        count = SAMPLES_MAX;
    if (work->prepare)
        work->prepare();
    done = measure_singles(work, (size_t)count, limit_ns / 4); /* warms up, and tells how long one is */
    batch = measure_batches(work, measure_median(samples, done), limit_ns / 4);
    done = measure_singles(work, (size_t)count, limit_ns);
    if (work->finish)
        work->finish();
    print_summary(samples, done, batch);
}

/* The same for calls so far apart that whoever answers has gone to sleep. */
void asleep_command(long count, long pause_us)
{
    if (count > SAMPLES_MAX)
        count = SAMPLES_MAX;
    for (long i = 0; i < count; i++) {
        uint64_t begin, end;

        usleep((useconds_t)pause_us);
        begin = measure_begin();
        if (add((int)i, 2) != i + 2)
            abort();
        end = measure_end();
        samples[i] = ((double)(end - begin) - driver_clock.overhead) * driver_clock.ns_per_tick;
    }
    print_summary(samples, (size_t)count, 0);
}
