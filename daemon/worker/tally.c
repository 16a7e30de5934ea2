/*
 * Counting calls.
 *
 * Purpose: people want to know what their modules do, and calls must not pay for it.  Counting one costs two additions
 * to memory that nobody else touches.  Reading the clock twice would cost as much as a tenth of a small call, so of a
 * module whose calls are quick one in 64 is timed; one that takes longer than the clock could matter makes all of the
 * module's calls timed, until one is quick again.  A call that is timed stands for all since the one before, so what
 * is timed more often does not count more.
 *
 * The memory is the supervisor's, which has made it and only reads it.  Called by call.c and oneway.c through tally.h,
 * with the GIL; and by modules.c and link.c.
 */
#include "daemon/worker/tally.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "proto/cleanup.h"

static unsigned char *tallies; /* mapped once, before there are modules; NULL: nobody wants to know */
static int tallies_fd = -1;
static struct coil_tally nobodys; /* counted in all the same, so that nobody has to ask */

int coil_tally_open(int fd, struct coil_error *error)
{
    COIL_CLEANUP(coil_fd_close) int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    void *memory = own < 0 ? MAP_FAILED
                           : mmap(NULL, COIL_TALLIES_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, own, 0);

    if (memory == MAP_FAILED)
        return coil_error_set(error, -errno, "cannot map the memory for counting calls: %s", strerror(errno));
    (void)madvise(memory, COIL_TALLIES_SIZE, MADV_DONTDUMP);
    (void)madvise(memory, COIL_TALLIES_SIZE, MADV_DONTFORK); /* a forked child's calls are not the worker's */
    tallies = memory;
    tallies_fd = coil_steal_fd(&own);
    return 0;
}

struct coil_worker_count *coil_tally_new(uint32_t slot)
{
    struct coil_worker_count *count = calloc(1, sizeof *count);

    if (!count)
        return NULL;
    /* Its page now, so that full memory is no SIGBUS later. */
    if (tallies && slot < COIL_TALLY_SLOTS &&
        fallocate(tallies_fd, 0, (off_t)slot * COIL_TALLY_SIZE, COIL_TALLY_SIZE) == 0)
        count->tally = (struct coil_tally *)(void *)(tallies + (size_t)slot * COIL_TALLY_SIZE);
    else
        count->tally = &nobodys;
    return count;
}

void coil_tally_time(struct coil_worker_count *count, int64_t start_ns)
{
    struct coil_tally *tally = count->tally;
    int64_t ns = coil_clock_ns() - start_ns;
    uint64_t calls = coil_tally_get(&tally->calls), weight = calls - count->timed_calls;

    count->timed_calls = calls;
    coil_tally_add(&tally->buckets[coil_tally_bucket((uint64_t)ns)], weight);
    coil_tally_add(&tally->total_ns, weight * (uint64_t)ns);
    atomic_store_explicit(&count->is_slow, ns >= COIL_TALLY_SLOW_NS, memory_order_relaxed);
}
