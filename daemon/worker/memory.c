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
#include "proto/snapshot.h"

static void *address(uint64_t value)
{
    return (void *)(uintptr_t)value;
}

/* Is nothing mapped there yet? */
static int check_free(uint64_t at, uint64_t size)
{
    void *got =
        mmap(address(at), size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

    if (got == MAP_FAILED)
        return -errno;
    if (got == address(at))
        return 0;
    (void)munmap(got, size); /* a kernel that does not know the flag took it for a hint */
    return -EEXIST;
}

int coil_memory_reserve(struct coil_error *error)
{
    int r = check_free(COIL_RANGE_BEGIN, COIL_RANGE_END - COIL_RANGE_BEGIN);

    /* Readable and writable, because cffi writes through pointers whatever they point to. */
    if (r == 0)
        r = coil_snapshot_cover(COIL_RANGE_BEGIN, COIL_RANGE_END - COIL_RANGE_BEGIN);

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
        r = staging < 0
                ? 0
                : map_at(base + COIL_STAGING_OFFSET, COIL_STAGING_SIZE, PROT_READ | PROT_WRITE, staging, error);
    if (r < 0)
        coil_memory_unmap(base, false);
    return r;
}

void coil_memory_unmap(uint64_t base, bool keep_functions)
{
    const uint64_t behind = COIL_FUNCTIONS_OFFSET + COIL_SLOTS_SIZE;

    if (!keep_functions) {
        (void)coil_snapshot_cover(base, COIL_WINDOW_STRIDE);
        return;
    }
    (void)coil_snapshot_cover(base, COIL_FUNCTIONS_OFFSET);
    (void)coil_snapshot_cover(base + behind, COIL_WINDOW_STRIDE - behind);
}

int coil_memory_map_region(uint64_t base, uint64_t size, int fd, struct coil_error *error)
{
    return map_at(base, size, PROT_READ | PROT_WRITE, fd, error);
}

void coil_memory_unmap_region(uint64_t base, uint64_t size)
{
    (void)coil_snapshot_cover(base, size);
}
