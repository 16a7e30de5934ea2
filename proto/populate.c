#include "proto/populate.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* linux/mman.h, since 5.14 */
#endif

int coil_populate(void *begin, size_t size)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = (uintptr_t)begin & ~(page - 1);
    uintptr_t end = ((uintptr_t)begin + size + page - 1) & ~(page - 1);
    int r;

    do
        r = madvise((void *)first, end - first, MADV_POPULATE_WRITE);
    while (r < 0 && errno == EINTR);
    return r < 0 && errno != EINVAL ? -errno : 0;
}
