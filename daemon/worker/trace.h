/* Showing calls to people who watch, as they end. */
#ifndef COIL_WORKER_TRACE_H
#define COIL_WORKER_TRACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/error.h"
#include "proto/trace.h"

struct coil_session;
struct coil_worker_module;

/* Somebody watches.  Relaxed: a call that is under way when it changes is shown or not. */
extern _Atomic bool coil_trace_is_on;

/* How a call ended, and what else is to be said of it. */
struct coil_trace_end {
    enum coil_trace_outcome outcome;
    bool is_deserted;
    bool is_oneway;
};

/* From now on, into this memory; `fd` stays the caller's.  The link's thread. */
int coil_trace_start(int fd, struct coil_error *error);
void coil_trace_stop(void);

/* Any thread, with the GIL or without. */
void coil_trace_write(const struct coil_session *session, const struct coil_worker_module *module,
                      const char *function, int64_t start_ns, const struct coil_trace_end *end);

/* A call has ended that was taken off the ring at start_ns; 0: nobody has looked at the clock. */
static inline void coil_trace(const struct coil_session *session, const struct coil_worker_module *module,
                              const char *function, int64_t start_ns, struct coil_trace_end end)
{
    if (__builtin_expect(start_ns != 0, 0) && atomic_load_explicit(&coil_trace_is_on, memory_order_relaxed))
        coil_trace_write(session, module, function, start_ns, &end);
}

#endif
