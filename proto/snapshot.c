/*
 * What becomes of shared memory in a forked child.
 *
 * A child must not write into what its parent shares with others, and what it has
 * pointers to must stay readable.  A private mapping of the same file does both, but shows
 * what others write to pages that the child has not written itself.  So the pages with anything in
 * them are written once, which gives the child copies, as fork() does with private memory.
 *
 * Called by fork handlers of the client and of the worker: system calls only.
 */
#include "proto/snapshot.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u

int coil_snapshot_cover(uint64_t base, uint64_t size)
{
    void *at = (void *)(uintptr_t)base;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;

    /* Strict overcommit allows such an area only read-only. */
    if (mmap(at, size, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED &&
        mmap(at, size, PROT_READ, flags, -1, 0) == MAP_FAILED)
        return -errno;
    (void)madvise(at, size, MADV_DONTDUMP);
    return 0;
}

/* Makes the pages of [begin, end) private copies. */
static void copy(uint64_t begin, uint64_t end)
{
    volatile char *from = (volatile char *)(uintptr_t)begin;

    if (madvise((void *)(uintptr_t)begin, end - begin, MADV_POPULATE_WRITE) == 0)
        return;
    for (uint64_t i = 0; i < end - begin; i += PAGE) /* a kernel that cannot do it in one go */
        from[i] = from[i];
}

void coil_snapshot_take(uint64_t base, uint64_t size, int fd)
{
    int saved = errno;
    uint64_t left = COIL_SNAPSHOT_MAX;
    off_t end = 0;

    if (fd < 0 || mmap((void *)(uintptr_t)base, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED,
                       fd, 0) == MAP_FAILED) {
        (void)coil_snapshot_cover(base, size);
        errno = saved;
        return;
    }
    (void)madvise((void *)(uintptr_t)base, size, MADV_DONTDUMP);
    while (left > 0) {
        off_t begin = lseek(fd, end, SEEK_DATA);

        end = begin < 0 ? -1 : lseek(fd, begin, SEEK_HOLE);
        if (end < 0 || (uint64_t)end > size)
            break;
        if ((uint64_t)(end - begin) > left)
            end = begin + (off_t)left;
        copy(base + (uint64_t)begin, base + (uint64_t)end);
        left -= (uint64_t)(end - begin);
    }
    errno = saved;
}
