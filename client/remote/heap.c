/*
 * Heaps: the memory in which Python's shared objects lie, one per worker.
 *
 * A heap is mapped at the address that it has in the worker, once, however many
 * sessions of this process belong to that worker.  The program may keep pointers into it for
 * longer than the worker lives.  They must go stale and must not crash, so a heap
 * stays where it is after its last session has ended, as private memory.  What
 * such heaps cost is bounded: past DEAD_BYTES_MAX together, the oldest become zeros.
 *
 * A new heap may get the address of one that has ended, and replaces it.
 *
 * The list is guarded by the runtime lock.
 */
#include "client/remote/remote.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>

#include "proto/cleanup.h"
#include "proto/snapshot.h"

#define DEAD_BYTES_MAX (UINT64_C(256) << 20)

static struct coil_heap *heaps; /* the newest first */

static void *at(const struct coil_heap *heap)
{
    return (void *)(uintptr_t)heap->base;
}

/* Takes the structure out of the list and frees it; the mapping stays, or has been replaced. */
static void forget(struct coil_heap *heap)
{
    struct coil_heap **link = &heaps;

    while (*link && *link != heap)
        link = &(*link)->next;
    if (*link)
        *link = heap->next;
    if (heap->memory.fd >= 0 && coil_own_fd_check(&heap->memory))
        coil_fd_close(&heap->memory.fd);
    free(heap);
}

static struct coil_heap *find(uint64_t base)
{
    struct coil_heap *heap = heaps;

    while (heap && heap->base != base)
        heap = heap->next;
    return heap;
}

/* Is the heap of no use any more, although calls that were made with it may not have returned yet? */
static bool is_dead(const struct coil_heap *heap)
{
    for (struct coil_session *session = coil_sessions; session; session = session->next)
        if (session->heap == heap && !atomic_load_explicit(&session->gone, memory_order_relaxed) &&
            !coil_session_is_dead(session))
            return false;
    return true;
}

/* Sessions of dead workers do without it: their heap's address has been taken over. */
static void detach(struct coil_heap *heap)
{
    for (struct coil_session *session = coil_sessions; session; session = session->next)
        if (session->heap == heap)
            session->heap = NULL;
    forget(heap);
}

static int map(uint64_t base, int fd, bool replace, struct coil_error *error)
{
    void *wanted = (void *)(uintptr_t)base;
    void *got = mmap(wanted, COIL_HEAP_SIZE, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_NORESERVE | (replace ? MAP_FIXED : MAP_FIXED_NOREPLACE), fd, 0);

    if (got == wanted) {
        (void)madvise(got, COIL_HEAP_SIZE, MADV_DONTDUMP);
        return 0;
    }
    if (got != MAP_FAILED) { /* a kernel that does not know the flag took it for a hint */
        (void)munmap(got, COIL_HEAP_SIZE);
        errno = EEXIST;
    }
    if (errno == EEXIST)
        return coil_error_set(error, -EADDRNOTAVAIL,
                              "Python's objects cannot be shared at %p, because the program uses this address itself; "
                              "COIL_INTERPRETER=private gives it a Python of its own, which shares them elsewhere",
                              wanted);
    return coil_error_set(error, -errno, "Python's objects cannot be shared at %p: %s", wanted, strerror(errno));
}

int coil_heap_get(uint64_t base, int *fd, struct coil_heap **ret_heap, struct coil_error *error)
{
    COIL_CLEANUP(coil_memory_free) struct coil_heap *fresh = calloc(1, sizeof *fresh);
    struct coil_own_fd memory = coil_own_fd_of(*fd);
    struct coil_heap *heap = find(base);
    int r;

    if (!fresh)
        return coil_error_set(error, -ENOMEM, "no memory for a session");
    if (!coil_heap_is_valid(base))
        return coil_error_set(error, -EPROTO, "the daemon named an address outside of coil's range");
    if (heap && heap->references && heap->memory.device == memory.device && heap->memory.inode == memory.inode) {
        heap->references++;
        *ret_heap = heap;
        return 0;
    }
    if (heap && heap->references && !is_dead(heap))
        return coil_error_set(error, -EADDRNOTAVAIL,
                              "Python's objects cannot be shared at %p, where this program has those of another daemon",
                              at(heap));
    r = map(base, *fd, heap != NULL, error);
    if (r < 0)
        return r;
    r = coil_callbacks_map(base, error);
    if (r < 0) {
        if (!heap)
            (void)munmap((void *)(uintptr_t)base, COIL_HEAP_SIZE);
        return r;
    }
    if (heap)
        detach(heap);
    fresh->base = base;
    fresh->memory = memory;
    fresh->references = 1;
    fresh->next = heaps;
    heaps = fresh;
    *fd = -1;
    *ret_heap = coil_steal_memory(&fresh);
    return 0;
}

/* Bytes behind the mapping. */
static uint64_t measure(const struct coil_heap *heap)
{
    struct stat status;

    return fstat(heap->memory.fd, &status) == 0 ? (uint64_t)status.st_blocks * 512 : 0;
}

/* What is there becomes this process's own; what cannot be had any more reads as zeros. */
static void make_private(struct coil_heap *heap)
{
    bool is_ours = coil_own_fd_check(&heap->memory);

    heap->references = 0;
    heap->bytes = is_ours ? measure(heap) : 0;
    if (!is_ours || mmap(at(heap), COIL_HEAP_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED,
                         heap->memory.fd, 0) == MAP_FAILED) {
        (void)coil_snapshot_cover(heap->base, COIL_HEAP_SIZE);
        heap->bytes = 0;
    }
    (void)madvise(at(heap), COIL_HEAP_SIZE, MADV_DONTDUMP);
    if (is_ours)
        coil_fd_close(&heap->memory.fd);
    heap->memory.fd = -1;
}

/* The list has the newest first, so what comes when the bound is passed is the oldest. */
static void bound(void)
{
    uint64_t total = 0;

    for (struct coil_heap *heap = heaps; heap; heap = heap->next) {
        total += heap->bytes;
        if (heap->bytes == 0 || total <= DEAD_BYTES_MAX || coil_snapshot_cover(heap->base, COIL_HEAP_SIZE) < 0)
            continue;
        total -= heap->bytes;
        heap->bytes = 0;
    }
}

void coil_heap_put(struct coil_heap *heap)
{
    if (!heap || --heap->references > 0)
        return;
    make_private(heap);
    bound();
}

void coil_heaps_forget(void)
{
    for (struct coil_heap *heap = heaps; heap; heap = heap->next) {
        if (heap->references == 0)
            continue;
        heap->references = 0;
        if (!coil_own_fd_check(&heap->memory)) {
            heap->memory.fd = -1;
            coil_snapshot_take(heap->base, COIL_HEAP_SIZE, -1);
            continue;
        }
        heap->bytes = measure(heap);
        coil_snapshot_take(heap->base, COIL_HEAP_SIZE, heap->memory.fd);
        coil_fd_close(&heap->memory.fd);
    }
    bound();
}
