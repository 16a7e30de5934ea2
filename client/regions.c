/*
 * Regions: where the blocks of coil_alloc() lie.
 *
 * A region is a memfd of our own, mapped at an address that was drawn at random in a range
 * which every process of coil's leaves free, so that a worker can map it at the same one.  It is
 * sparse: pages get memory when a block comes to lie there, so that a full machine
 * is a NULL and no SIGBUS, and lose it when a large block goes.  Each region is as large as all before it together, so
 * there are few.  Regions stay until the program ends.
 *
 * Where no memfd can be had (limits, a sandbox) the memory is private, and is copied to Python as any other is.
 *
 * Called by alloc.c, with its lock.
 */
#include "client/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "proto/cleanup.h"
#include "proto/snapshot.h"

#define PAGE 4096u
#define STEP 65536u  /* bytes that get memory at once, at least */
#define DRAWS_MAX 64 /* addresses to try */

struct coil_region *coil_regions;

static void *address(uint64_t value)
{
    return (void *)(uintptr_t)value;
}

/* The largest file that the program may make; more would raise SIGXFSZ. */
static bool may_make_file(uint64_t size)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY || size <= limit.rlim_cur;
}

/* -1: it cannot be shared. */
static int make_file(uint64_t size)
{
    COIL_CLEANUP(coil_fd_close) int fd = -1;
    int low;

    if (!may_make_file(size))
        return -1;
    low = memfd_create("coil-region", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    /* Above what programs take for standard input and output. */
    fd = low > 2 ? low : fcntl(low, F_DUPFD_CLOEXEC, 3);
    if (low != fd)
        coil_fd_close(&low);
    if (fd < 0 || ftruncate(fd, (off_t)size) < 0 || fchmod(fd, 0600) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        return -1;
    return coil_steal_fd(&fd);
}

/* Maps the file, or private memory, at a random address.  0: no memory, or no address. */
static uint64_t map(uint64_t size, int fd)
{
    const int flags = MAP_NORESERVE | MAP_FIXED_NOREPLACE | (fd >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS);
    uint64_t places = (COIL_REGIONS_END - COIL_REGIONS_BEGIN - size) / COIL_REGION_UNIT + 1;

    for (unsigned i = 0; i < DRAWS_MAX; i++) {
        uint64_t draw;
        void *wanted, *got;

        if (getrandom(&draw, sizeof draw, 0) != sizeof draw)
            draw = (uint64_t)(uintptr_t)&draw * UINT64_C(0x9e3779b97f4a7c15) >> 12;
        wanted = address(COIL_REGIONS_BEGIN + draw % places * COIL_REGION_UNIT);
        got = mmap(wanted, size, PROT_READ | PROT_WRITE, flags, fd, 0);
        if (got == wanted) {
            (void)madvise(got, size, MADV_DONTDUMP);
            return (uint64_t)(uintptr_t)got;
        }
        if (got != MAP_FAILED)
            (void)munmap(got, size);
        else if (errno != EEXIST)
            return 0;
    }
    return 0;
}

static struct coil_region *make(uint64_t size)
{
    struct coil_region *region = calloc(1, sizeof *region);
    int fd = make_file(size);

    if (region)
        region->backed = calloc(size / PAGE / 64, sizeof *region->backed);
    if (region && region->backed)
        region->base = map(size, fd);
    if (!region || !region->base) {
        coil_fd_close(&fd);
        if (region)
            free(region->backed);
        free(region);
        return NULL;
    }
    region->size = size;
    region->memory = coil_own_fd_of(fd);
    region->next = coil_regions;
    coil_regions = region;
    return region;
}

struct coil_region *coil_region_new(uint64_t size)
{
    uint64_t least = (size + COIL_REGION_UNIT - 1) / COIL_REGION_UNIT * COIL_REGION_UNIT, wanted = least, total = 0;
    struct coil_region *region;

    if (size > COIL_REGION_SIZE_MAX)
        return NULL;
    for (region = coil_regions; region; region = region->next)
        total += region->size;
    if (total > wanted)
        wanted = total < COIL_REGION_SIZE_MAX ? total : COIL_REGION_SIZE_MAX;
    region = make(wanted);
    return region || wanted == least ? region : make(least);
}

/* ---- what has memory behind it ---- */

static bool is_backed(const struct coil_region *region, uint64_t page)
{
    return region->backed[page / 64] >> page % 64 & 1;
}

/* Puts memory behind pages that have none. */
static int populate(struct coil_region *region, uint64_t first, uint64_t count)
{
    int r;

    if (!coil_memory_is_available(count * PAGE))
        return -ENOMEM;
    if (region->memory.fd >= 0 && coil_own_fd_check(&region->memory)) {
        do
            r = fallocate(region->memory.fd, 0, (off_t)(first * PAGE), (off_t)(count * PAGE));
        while (r < 0 && errno == EINTR);
    } else {
        r = madvise(address(region->base + first * PAGE), count * PAGE, MADV_POPULATE_WRITE);
        if (r < 0 && errno == EINVAL) /* a kernel that cannot is trusted to have enough */
            r = 0;
    }
    if (r < 0)
        return -ENOMEM;
    for (uint64_t page = first; page < first + count; page++)
        region->backed[page / 64] |= UINT64_C(1) << page % 64;
    return 0;
}

int coil_region_back(struct coil_region *region, uint64_t begin, uint64_t size)
{
    uint64_t at = begin - region->base, end = at + size;
    uint64_t pages = region->size / PAGE;

    for (uint64_t page = at / PAGE; page * PAGE < end;) {
        uint64_t next = page + 1;

        if (is_backed(region, page)) { /* somebody else's before */
            uint64_t from = page * PAGE < at ? at : page * PAGE, to = (page + 1) * PAGE;

            memset(address(region->base + from), 0, (to < end ? to : end) - from);
        } else {
            while (next < pages && !is_backed(region, next) && (next * PAGE < end || next % (STEP / PAGE)))
                next++;
            if (populate(region, page, next - page) < 0)
                return -ENOMEM;
        }
        page = next;
    }
    return 0;
}

void coil_region_give_back(struct coil_region *region, uint64_t begin, uint64_t size)
{
    uint64_t first = (begin - region->base + PAGE - 1) / PAGE, end = (begin - region->base + size) / PAGE;
    int how = region->memory.fd >= 0 ? MADV_REMOVE : MADV_DONTNEED;

    /* What is frozen shows what it was copied from again; nothing new comes to lie there. */
    if (end <= first || madvise(address(region->base + first * PAGE), (end - first) * PAGE, how) < 0 ||
        region->is_frozen)
        return;
    for (uint64_t page = first; page < end; page++)
        region->backed[page / 64] &= ~(UINT64_C(1) << page % 64);
}

/* ---- fork ---- */

/* A private copy without the help of the fd, which the program has closed. */
static void copy(struct coil_region *region)
{
    void *own = mmap(NULL, region->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (own == MAP_FAILED)
        return;
    for (uint64_t page = 0; page < region->size / PAGE; page++)
        if (is_backed(region, page))
            memcpy((char *)own + page * PAGE, address(region->base + page * PAGE), PAGE);
    (void)mremap(own, region->size, region->size, MREMAP_MAYMOVE | MREMAP_FIXED, address(region->base));
}

void coil_regions_freeze(void)
{
    for (struct coil_region *region = coil_regions; region; region = region->next) {
        if (region->memory.fd < 0)
            continue;
        if (coil_own_fd_check(&region->memory)) {
            coil_snapshot_take(region->base, region->size, region->memory.fd);
            coil_fd_close(&region->memory.fd);
        } else {
            copy(region);
        }
        region->memory.fd = -1;
        region->is_frozen = true;
    }
}
