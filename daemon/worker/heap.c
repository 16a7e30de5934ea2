/*
 * The heap: memory in which Python's objects lie that programs see, too.
 *
 * It is mapped at the same address here and in every program of this worker, so a
 * pointer into it is simply a pointer.  It belongs to this worker alone: the next one gets another.
 *
 * A child that a handler forks must not write into what its parent shares, so it
 * gets a copy of its own.
 */
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "daemon/worker/worker.h"
#include "proto/cleanup.h"
#include "proto/snapshot.h"

static uint64_t heap_base; /* 0: there is none yet; set before the first session comes */
static int heap_fd = -1;

int coil_heap_open(uint64_t base, int fd, struct coil_error *error)
{
    COIL_CLEANUP(coil_fd_close) int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    void *at = (void *)(uintptr_t)base;

    if (!coil_heap_is_valid(base) || heap_base)
        return coil_error_set(error, -EINVAL, "a worker has one heap, in its range");
    if (own < 0 ||
        mmap(at, COIL_HEAP_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, own, 0) == MAP_FAILED)
        return coil_error_set(error, -errno, "the heap cannot be mapped: %s", strerror(errno));
    (void)madvise(at, COIL_HEAP_SIZE, MADV_DONTDUMP);
    heap_fd = coil_steal_fd(&own);
    heap_base = base;
    return 0;
}

bool coil_heap_contains(uint64_t address, uint64_t size)
{
    return heap_base && address >= heap_base && address - heap_base <= COIL_HEAP_SIZE &&
           size <= COIL_HEAP_SIZE - (address - heap_base);
}

void coil_heap_forked(void)
{
    if (heap_base)
        coil_snapshot_take(heap_base, COIL_HEAP_SIZE, heap_fd);
}
