/*
 * Traces: calls of a worker as they end, for people who watch.
 *
 * The supervisor makes the memory, a sealed memfd, when somebody first wants to see; the worker writes while it is told
 * to, and any number of readers map it and read behind it.  The worker never waits for them: it writes over what is
 * oldest, and a reader finds out how many calls it has missed.
 *
 * A reader trusts nothing that it finds: a number that makes no sense costs it lines, and text is made of printable
 * characters before it is shown.
 */
#ifndef COIL_TRACE_H
#define COIL_TRACE_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define COIL_TRACE_CALLS 8192u /* that are kept; a power of two */
#define COIL_TRACE_NAME_MAX 152u

enum coil_trace_outcome {
    COIL_TRACE_RETURNED = 0,
    COIL_TRACE_RAISED = 1,       /* an exception */
    COIL_TRACE_NOT_ATTACHED = 2, /* there is no handler */
    COIL_TRACE_DROPPED = 3,      /* Python has dropped the function behind the pointer */
    COIL_TRACE_REFUSED = 4,      /* it has killed workers too often */
    COIL_TRACE_POINTER = 5,      /* an argument leads to memory that the worker cannot see */
    COIL_TRACE_MEMORY = 6,       /* there is none for its arguments or its result */
    COIL_TRACE_LATE = 7          /* it was given up before it was begun */
};

/* One call.  `name` is "module.function", ended by a NUL unless it is cut. */
struct coil_trace_call {
    int64_t end_ns; /* coil_clock_ns() */
    int64_t duration_ns;
    uint32_t pid; /* the program's */
    uint32_t uid;
    uint32_t outcome;
    uint32_t is_deserted; /* it was carried out, and nobody waited any more */
    uint32_t is_oneway;
    uint32_t unused;
    char name[COIL_TRACE_NAME_MAX];
};

#define COIL_TRACE_WORDS (sizeof(struct coil_trace_call) / 8)

/* Written by the worker, read by coilctl. */
struct coil_trace {
    _Atomic uint64_t claimed; /* calls whose place is being written, or has been: V */
    _Atomic uint64_t written; /* calls that are there, or have been: K */
    uint64_t unused[6];
    _Atomic uint64_t calls[COIL_TRACE_CALLS][COIL_TRACE_WORDS]; /* each in words, so that half of one can be seen */
};

static_assert(sizeof(struct coil_trace_call) == 192, "whole cache lines");
static_assert(sizeof(struct coil_trace) == 64 + COIL_TRACE_CALLS * 192u, "shared layout");

/* One writer at a time. */
static inline void coil_trace_put(struct coil_trace *trace, const struct coil_trace_call *call)
{
    uint64_t number = atomic_load_explicit(&trace->written, memory_order_relaxed);
    _Atomic uint64_t *place = trace->calls[number & (COIL_TRACE_CALLS - 1)];
    uint64_t words[COIL_TRACE_WORDS];

    memcpy(words, call, sizeof words);
    atomic_store_explicit(&trace->claimed, number + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release); /* V: who sees a word of this call sees that its place was claimed */
    for (unsigned i = 0; i < COIL_TRACE_WORDS; i++)
        atomic_store_explicit(&place[i], words[i], memory_order_relaxed);
    atomic_store_explicit(&trace->written, number + 1, memory_order_release); /* K */
}

/* How many there have been. */
static inline uint64_t coil_trace_written(const struct coil_trace *trace)
{
    return atomic_load_explicit(&trace->written, memory_order_acquire); /* K */
}

/* Call number `number`, below coil_trace_written().  False: it has been written over. */
static inline bool coil_trace_get(const struct coil_trace *trace, uint64_t number, struct coil_trace_call *ret_call)
{
    const _Atomic uint64_t *place = trace->calls[number & (COIL_TRACE_CALLS - 1)];
    uint64_t words[COIL_TRACE_WORDS];

    for (unsigned i = 0; i < COIL_TRACE_WORDS; i++)
        words[i] = atomic_load_explicit(&place[i], memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire); /* V */
    if (atomic_load_explicit(&trace->claimed, memory_order_relaxed) - number > COIL_TRACE_CALLS)
        return false;
    memcpy(ret_call, words, sizeof words);
    return true;
}

#endif
