/* The program that measures, one binary for all peers: main.c reads commands, the others carry them out. */
#ifndef COIL_BENCH_DRIVER_H
#define COIL_BENCH_DRIVER_H

#include <stdint.h>

/* Functions that a peer does not offer are NULL. */
#define BENCH_API extern __attribute__((weak))
#include "../api.h"
#include "measure.h"

extern struct measure_clock driver_clock;
extern int (*driver_flush)(void); /* coil_flush(), where there is one */

/* A kind of work: `run` is what is measured. */
struct work {
    const char *name;
    void (*run)(int n);
    void (*prepare)(void); /* before, and `finish` after; NULL: nothing */
    void (*finish)(void);
};
const struct work *work_find(const char *name); /* NULL: unknown */

/* Each prints one line of JSON. */
void latency_command(const struct work *work, long count, long limit_ms);
void asleep_command(long count, long pause_us);
void stream_command(long count);
void throughput_command(int threads, long duration_ms, int64_t begin_ns);

#endif
