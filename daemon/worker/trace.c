/*
 * Showing calls to people who watch.
 *
 * Purpose: `coilctl trace` prints calls as they happen.  While nobody watches, a call pays for one look at a flag, as it
 * is taken off the ring (tally.h); only what is timed then can be shown when it ends.  While somebody does, each call is
 * timed and written into memory that the supervisor has made and hands to the watchers (proto/trace.h).
 *
 * Some calls fail before they have the GIL, so writers exclude each other by a lock of their own.  A forked child never
 * comes here: it is ended before its handler's call is counted.
 */
#include "daemon/worker/trace.h"

#include <sys/mman.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "daemon/worker/worker.h"
#include "proto/clock.h"

static_assert((int)COIL_TRACE_RETURNED == COIL_HOST_RETURNED && (int)COIL_TRACE_RAISED == COIL_HOST_RAISED &&
                  (int)COIL_TRACE_NOT_ATTACHED == COIL_HOST_NOT_ATTACHED &&
                  (int)COIL_TRACE_DROPPED == COIL_HOST_NO_FUNCTION,
              "what the host says of a call is shown as it is");

_Atomic bool coil_trace_is_on;

static struct coil_trace *trace; /* NULL: nobody watches; guarded by `lock` */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void write_to(struct coil_trace *memory)
{
    (void)pthread_mutex_lock(&lock);
    if (trace)
        (void)munmap(trace, sizeof *trace);
    trace = memory;
    (void)pthread_mutex_unlock(&lock);
}

int coil_trace_start(int fd, struct coil_error *error)
{
    void *memory = mmap(NULL, sizeof *trace, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (memory == MAP_FAILED)
        return coil_error_set(error, -errno, "cannot map the memory for showing calls: %s", strerror(errno));
    (void)madvise(memory, sizeof *trace, MADV_DONTDUMP);
    (void)madvise(memory, sizeof *trace, MADV_DONTFORK);
    write_to(memory);
    atomic_store_explicit(&coil_trace_is_on, true, memory_order_relaxed);
    return 0;
}

void coil_trace_stop(void)
{
    atomic_store_explicit(&coil_trace_is_on, false, memory_order_relaxed);
    write_to(NULL);
}

void coil_trace_write(const struct coil_session *session, const struct coil_worker_module *module,
                      const char *function, int64_t start_ns, const struct coil_trace_end *end)
{
    struct coil_trace_call call = { .end_ns = coil_clock_ns(),
                                    .pid = (uint32_t)session->peer.pid,
                                    .uid = (uint32_t)session->peer.uid,
                                    .outcome = end->outcome,
                                    .is_deserted = end->is_deserted,
                                    .is_oneway = end->is_oneway };

    call.duration_ns = call.end_ns - start_ns;
    (void)snprintf(call.name, sizeof call.name, "%s.%s", coil_image_name(module->image), function);
    (void)pthread_mutex_lock(&lock);
    if (trace)
        coil_trace_put(trace, &call);
    (void)pthread_mutex_unlock(&lock);
}
