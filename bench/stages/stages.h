/* Steps of a call, measured one by one: batches between two readings of the clock, the median of many. */
#ifndef COIL_BENCH_STAGES_H
#define COIL_BENCH_STAGES_H

#include <stdio.h>
#include <stdlib.h>

#include "../driver/measure.h"

#define STAGES_BATCH 1000
#define STAGES_BATCHES 200

/* Prints "NAME NANOSECONDS". */
static inline void stage(const struct measure_clock *clock, const char *name, void (*run)(int n))
{
    double batches[STAGES_BATCHES];

    for (int i = 0; i < STAGES_BATCHES; i++) {
        uint64_t begin = measure_begin();

        for (int n = 0; n < STAGES_BATCH; n++)
            run(n);
        batches[i] = (double)(measure_end() - begin) * clock->ns_per_tick / STAGES_BATCH;
    }
    printf("%s %.1f\n", name, measure_median(batches, STAGES_BATCHES));
}

#endif
