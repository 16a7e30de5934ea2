/* Counting calls: between the handler's beginning and its end. */
#ifndef COIL_WORKER_TALLY_H
#define COIL_WORKER_TALLY_H

#include <stdbool.h>

#include "daemon/worker/trace.h"
#include "daemon/worker/worker.h"
#include "proto/clock.h"
#include "proto/tally.h"

#define COIL_TALLY_ONE_IN 64u    /* so many calls of a fast module are timed; a power of two */
#define COIL_TALLY_SLOW_NS 20000 /* from here on two looks at the clock do not matter */

/* A call of the module has been taken off the ring: when, if it is to be timed; 0: it is not. */
static inline int64_t coil_tally_start(const struct coil_channel *channel, const struct coil_worker_module *module)
{
    bool is_timed = atomic_load_explicit(&module->count->is_slow, memory_order_relaxed) ||
                    atomic_load_explicit(&coil_trace_is_on, memory_order_relaxed) ||
                    (channel->calls & (COIL_TALLY_ONE_IN - 1)) == 0;

    return __builtin_expect(is_timed, 0) ? coil_clock_ns() : 0;
}

static inline uint64_t coil_tally_get(const _Atomic uint64_t *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

/* With the GIL, so nobody else adds. */
static inline void coil_tally_add(_Atomic uint64_t *number, uint64_t more)
{
    atomic_store_explicit(number, coil_tally_get(number) + more, memory_order_relaxed);
}

/* Its handler has returned; with the GIL. */
static inline void coil_tally_end(const struct coil_worker_module *module, int64_t start_ns, bool is_error)
{
    struct coil_tally *tally = module->count->tally;

    coil_tally_add(&tally->calls, 1);
    if (__builtin_expect(is_error, 0))
        coil_tally_add(&tally->errors, 1);
    if (__builtin_expect(start_ns != 0, 0))
        coil_tally_time(module->count, start_ns);
}

#endif
