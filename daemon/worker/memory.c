/*
 * The worker's part of the address space for shared memory.
 *
 * Every window lies at the same address in its client and here.  So that no
 * library of Python's ever takes such an address, the whole range is reserved
 * once, without memory behind it; windows are mapped over the reservation and
 * covered again when their client has gone, because Python code may have kept
 * pointers: those then read zeros instead of ending the interpreter that
 * everyone shares.  The link's thread.
 */
#include <sys/mman.h>

#include <errno.h>
#include <string.h>

#include "daemon/worker/worker.h"

static void *address(uint64_t value)
{
    return (void *)(uintptr_t)value;
}

/* Zero pages without memory behind them; adjacent ones become one mapping.  Strict overcommit allows them only
 * read-only. */
static int cover(uint64_t at, size_t size, int how)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | how;

    /* Readable and writable, because cffi writes through pointers whatever they point to. */
    if (mmap(address(at), size, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED &&
        mmap(address(at), size, PROT_READ, flags, -1, 0) == MAP_FAILED)
        return -errno;
    (void)madvise(address(at), size, MADV_DONTDUMP);
    return 0;
}

int coil_memory_reserve(struct coil_error *error)
{
    int r = cover(COIL_RANGE_BEGIN, (size_t)(COIL_RANGE_END - COIL_RANGE_BEGIN), MAP_FIXED_NOREPLACE);

    return r == 0 ? 0
                  : coil_error_set(error, r,
                                   "the address range for shared memory cannot be reserved: %s; is the address space "
                                   "limited (ulimit -v)?",
                                   strerror(-r));
}

static int map_at(uint64_t at, size_t size, int protection, int fd, struct coil_error *error)
{
    if (mmap(address(at), size, protection, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd, 0) == MAP_FAILED)
        return coil_error_set(error, -errno, "a session's memory cannot be mapped: %s", strerror(errno));
    (void)madvise(address(at), size, MADV_DONTDUMP);
    return 0;
}

int coil_memory_map(uint64_t base, int requests, int replies, int staging, struct coil_error *error)
{
    int r;

    if (!coil_window_is_valid(base))
        return coil_error_set(error, -EINVAL, "a session's memory would lie outside of its range");
    r = map_at(base + COIL_REQUESTS_OFFSET, COIL_REQUESTS_SIZE, PROT_READ, requests, error);
    if (r == 0)
        r = map_at(base + COIL_REPLIES_OFFSET, COIL_REPLIES_SIZE, PROT_READ | PROT_WRITE, replies, error);
    if (r == 0)
        r = map_at(base + COIL_STAGING_OFFSET, COIL_STAGING_SIZE, PROT_READ | PROT_WRITE, staging, error);
    if (r < 0)
        coil_memory_unmap(base);
    return r;
}

void coil_memory_unmap(uint64_t base)
{
    (void)cover(base, COIL_WINDOW_STRIDE, MAP_FIXED);
}
