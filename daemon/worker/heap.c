/*
 * The heap: memory in which Python's objects lie that programs see, too.
 *
 * It is mapped at the same address here and in every program of this worker, so a
 * pointer into it is simply a pointer.  It belongs to this worker alone: the next one gets another.
 *
 * Programs can write all of it, so nothing that allocating depends on may lie in it: jemalloc
 * keeps all that it knows elsewhere, and gets the memory in extents through the hooks
 * below.  What is free goes back to the system a second later, and so costs nobody
 * anything.
 *
 * A child that a handler forks must not write into what its parent shares, so it
 * gets a copy of its own, and its allocations are private memory like any other.
 */
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <jemalloc/jemalloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/worker/worker.h"
#include "proto/cleanup.h"
#include "proto/snapshot.h"

#define ALIGNMENT 16
#define PAGE 4096u
#define LAZY_SIZE ((size_t)32 << 20)     /* from here on zeros are made by giving the memory back */
#define POPULATE_SIZE ((size_t)64 << 10) /* from here on memory is asked for before it is used */

/*
 * How jemalloc is to work in this process.  No caches per thread: the heap has one of its own for all.  retain:
 * extents.c keeps what is free.  Large free pieces are neither given back at once nor spared for large requests,
 * because faulting in new memory costs more than anything else here; what has been free for a second is given back.
 */
extern const char *coil_jemalloc_configuration;
const char *coil_jemalloc_configuration =
    "narenas:1,tcache:false,retain:false,oversize_threshold:0,lg_extent_max_active_fit:40,dirty_decay_ms:1000,"
    "muzzy_decay_ms:0,max_background_threads:1";

static uint64_t heap_base; /* 0: there is none yet; set before the first session comes */
static int heap_fd = -1;
static int arena_flags; /* for mallocx() */
static unsigned cache;  /* of blocks, for all threads: the GIL guards it */
static char purge_name[64];
static _Atomic size_t block_count; /* in use; written with the GIL, read by the link's thread; relaxed: a number */

/* ---- the memory, as jemalloc asks for it ---- */

static void *extent_allocate(extent_hooks_t *own, void *wanted, size_t size, size_t alignment, bool *zero, bool *commit,
                             unsigned arena)
{
    void *extent = (void *)(uintptr_t)coil_extents_take((uint64_t)(uintptr_t)wanted, size, alignment);

    (void)own;
    (void)arena;
    /* A program may have written there, so zeros are never taken for granted. */
    if (extent && *zero)
        memset(extent, 0, size);
    *commit = true;
    return extent;
}

/* What is free for long: its memory goes back to the system, and any extent may get its addresses. */
static bool extent_free(extent_hooks_t *own, void *extent, size_t size, bool committed, unsigned arena)
{
    (void)own;
    (void)committed;
    (void)arena;
    return madvise(extent, size, MADV_REMOVE) != 0 || coil_extents_give((uint64_t)(uintptr_t)extent, size) < 0;
}

static bool extent_purge(extent_hooks_t *own, void *extent, size_t size, size_t offset, size_t length, unsigned arena)
{
    (void)own;
    (void)size;
    (void)arena;
    return madvise((char *)extent + offset, length, MADV_REMOVE) != 0;
}

/* Extents are pieces of one mapping: they need nobody's help to be cut and joined. */
static bool extent_split(extent_hooks_t *own, void *extent, size_t size, size_t size_a, size_t size_b, bool committed,
                         unsigned arena)
{
    (void)own;
    (void)extent;
    (void)size;
    (void)size_a;
    (void)size_b;
    (void)committed;
    (void)arena;
    return false;
}

static bool extent_merge(extent_hooks_t *own, void *a, size_t size_a, void *b, size_t size_b, bool committed,
                         unsigned arena)
{
    (void)own;
    (void)a;
    (void)size_a;
    (void)b;
    (void)size_b;
    (void)committed;
    (void)arena;
    return false;
}

static extent_hooks_t hooks = {
    .alloc = extent_allocate,
    .dalloc = extent_free,
    .purge_forced = extent_purge,
    .split = extent_split,
    .merge = extent_merge,
};

/* What "experimental.arenas_create_ext" takes; jemalloc's header does not declare it. */
struct arena_config {
    extent_hooks_t *extent_hooks;
    bool metadata_use_hooks;
};

/* An arena in the heap, with its metadata elsewhere.  Negative errno. */
static int arena_open(void)
{
    struct arena_config config = { .extent_hooks = &hooks, .metadata_use_hooks = false };
    size_t size = sizeof(unsigned);
    bool yes = true;
    unsigned arena;
    int r;

    r = mallctl("experimental.arenas_create_ext", &arena, &size, &config, sizeof config);
    if (r == 0)
        r = mallctl("tcache.create", &cache, &size, NULL, 0);
    /* Gives back what is free also when nobody calls any more. */
    if (r == 0)
        r = mallctl("background_thread", NULL, NULL, &yes, sizeof yes);
    if (r == 0) {
        (void)snprintf(purge_name, sizeof purge_name, "arena.%u.purge", arena);
        arena_flags = MALLOCX_ALIGN(ALIGNMENT) | MALLOCX_TCACHE(cache) | MALLOCX_ARENA(arena);
    }
    return -r;
}

int coil_heap_open(uint64_t base, int fd, struct coil_error *error)
{
    COIL_CLEANUP(coil_fd_close) int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    void *at = (void *)(uintptr_t)base;
    int r;

    if (!coil_heap_is_valid(base) || heap_base)
        return coil_error_set(error, -EINVAL, "a worker has one heap, in its range");
    if (own < 0 ||
        mmap(at, COIL_HEAP_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, own, 0) == MAP_FAILED)
        return coil_error_set(error, -errno, "the heap cannot be mapped: %s", strerror(errno));
    (void)madvise(at, COIL_HEAP_SIZE, MADV_DONTDUMP);
    heap_fd = coil_steal_fd(&own);
    heap_base = base;
    r = coil_extents_open(base, base + COIL_HEAP_SIZE);
    if (r == 0)
        r = arena_open();
    return r < 0 ? coil_error_set(error, r, "the heap's allocator cannot be set up: %s", strerror(-r)) : 0;
}

uint64_t coil_heap_room(uint64_t address)
{
    return heap_base && address - heap_base < COIL_HEAP_SIZE ? heap_base + COIL_HEAP_SIZE - address : 0;
}

uint64_t coil_heap_offset(uint64_t address)
{
    return address - heap_base;
}

void coil_heap_forked(void)
{
    coil_blocks_forked();
    if (heap_base)
        coil_snapshot_take(heap_base, COIL_HEAP_SIZE, heap_fd);
}

/* ---- blocks, as the host asks for them ---- */

/* So that a full machine is an exception and not SIGBUS; a kernel that cannot is trusted to have enough. */
static bool populate(void *memory, size_t size)
{
    uintptr_t begin = (uintptr_t)memory & ~(uintptr_t)(PAGE - 1);
    uintptr_t end = ((uintptr_t)memory + size + PAGE - 1) & ~(uintptr_t)(PAGE - 1);

    return madvise((void *)begin, end - begin, MADV_POPULATE_WRITE) == 0 || errno == EINVAL;
}

static void count(size_t blocks)
{
    atomic_store_explicit(&block_count, atomic_load_explicit(&block_count, memory_order_relaxed) + blocks,
                          memory_order_relaxed);
}

size_t coil_heap_count(void)
{
    return atomic_load_explicit(&block_count, memory_order_relaxed);
}

void *coil_heap_allocate(size_t size)
{
    void *memory;
    int saved = errno;

    if (coil_worker_forked)
        return malloc(size ? size : 1);
    if (!arena_flags || size > COIL_HEAP_SIZE)
        return NULL;
    memory = mallocx(size ? size : 1, arena_flags);
    if (!memory) { /* what is free may lie in pieces that only come together when it is given back */
        (void)mallctl("tcache.flush", NULL, NULL, &cache, sizeof cache);
        (void)mallctl(purge_name, NULL, NULL, NULL, 0);
        memory = mallocx(size ? size : 1, arena_flags);
    }
    if (memory && size >= POPULATE_SIZE && size < LAZY_SIZE && !populate(memory, size)) {
        dallocx(memory, arena_flags);
        memory = NULL;
    }
    if (memory && coil_worker_is_system && coil_blocks_add(memory, sallocx(memory, arena_flags)) < 0) {
        dallocx(memory, arena_flags);
        memory = NULL;
    }
    count(memory != NULL);
    errno = saved;
    return memory;
}

void *coil_heap_allocate_zeroed(size_t size)
{
    char *memory = coil_heap_allocate(size);
    uintptr_t begin, end;

    if (!memory)
        return NULL;
    if (size < LAZY_SIZE || coil_worker_forked)
        return memset(memory, 0, size);
    begin = ((uintptr_t)memory + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
    end = ((uintptr_t)memory + size) & ~(uintptr_t)(PAGE - 1);
    if (madvise((void *)begin, end - begin, MADV_REMOVE) < 0)
        return memset(memory, 0, size);
    memset(memory, 0, begin - (uintptr_t)memory);
    memset((void *)end, 0, (uintptr_t)memory + size - end);
    return memory;
}

void coil_heap_free(void *memory)
{
    if (coil_heap_room((uint64_t)(uintptr_t)memory)) {
        if (coil_worker_forked) /* it is a block of its parent's */
            return;
        if (coil_worker_is_system)
            coil_blocks_remove(memory);
        dallocx(memory, arena_flags);
        count((size_t)-1);
    } else {
        free(memory);
    }
}

size_t coil_heap_size(void *memory)
{
    if (!coil_heap_room((uint64_t)(uintptr_t)memory) || coil_worker_forked)
        return 0;
    return sallocx(memory, arena_flags);
}
