/*
 * Heaps: their memory and their addresses.
 *
 * Purpose: each worker gets one memory for what Python makes for programs, which is never repaired or
 * used again by the next one.  Its address is unique among the living workers of this
 * daemon.  A program keeps a dead worker's heap mapped, so that its pointers go stale and do not
 * crash; so an address comes again only when half of all have been drawn since, and
 * a program that still has the old one replaces it.
 *
 * Called by worker.c, main thread.
 */
#include "daemon/supervisor/heap.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/supervisor/memory.h"
#include "proto/cleanup.h"

#define DRAWS_APART (COIL_HEAP_COUNT / 2)

static bool is_recent(const struct coil_heaps *heaps, unsigned slot)
{
    return heaps->slots[slot].drawn && heaps->draws - heaps->slots[slot].drawn < DRAWS_APART;
}

static int draw(struct coil_heaps *heaps, unsigned *ret_slot, struct coil_error *error)
{
    unsigned start;

    if (getrandom(&start, sizeof start, 0) != sizeof start)
        return coil_error_set(error, -EIO, "cannot draw a random address: %s", strerror(errno));
    for (unsigned i = 0; i < 2 * COIL_HEAP_COUNT; i++) {
        unsigned slot = (start % COIL_HEAP_COUNT + i) % COIL_HEAP_COUNT;

        /* The second round takes a recent one: better than none. */
        if (heaps->slots[slot].taken || (i < COIL_HEAP_COUNT && is_recent(heaps, slot)))
            continue;
        heaps->slots[slot].taken = true;
        heaps->slots[slot].drawn = ++heaps->draws;
        heaps->count++;
        *ret_slot = slot;
        return 0;
    }
    return coil_error_set(error, -ENOSPC, "all addresses for the memory of %u workers are taken", COIL_HEAP_COUNT);
}

int coil_heap_make(struct coil_heaps *heaps, struct coil_heap *ret_heap, struct coil_error *error)
{
    COIL_CLEANUP(coil_fd_close) int fd = -1;
    unsigned slot = 0;
    int r;

    r = coil_memory_make("coil-heap", COIL_HEAP_SIZE, "a worker", &fd, error);
    if (r == 0)
        r = draw(heaps, &slot, error);
    if (r == 0)
        *ret_heap = (struct coil_heap){ .fd = coil_steal_fd(&fd), .slot = slot };
    return r;
}

void coil_heap_give_up(struct coil_heaps *heaps, struct coil_heap *heap)
{
    if (heap->fd < 0)
        return;
    coil_fd_close(&heap->fd);
    heaps->slots[heap->slot].taken = false;
    heaps->count--;
}

uint64_t coil_heap_base(const struct coil_heap *heap)
{
    return COIL_HEAPS_BEGIN + heap->slot * COIL_HEAP_STRIDE;
}
