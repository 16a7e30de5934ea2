/*
 * A worker's heap: where Python's shared objects lie, for it and all its programs.
 */
#ifndef COIL_SUPERVISOR_HEAP_H
#define COIL_SUPERVISOR_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/error.h"
#include "proto/window.h"

/* The daemon's heap slots.  Zero: all are free. */
struct coil_heaps {
    struct {
        bool taken;
        uint64_t drawn; /* number of the last draw that took it; 0: never */
    } slots[COIL_HEAP_COUNT];
    unsigned count; /* taken ones */
    uint64_t draws;
};

/* One of them.  Not made: fd is -1. */
struct coil_heap {
    int fd;
    unsigned slot;
};

#define COIL_HEAP_NONE                                                                                                 \
    (struct coil_heap)                                                                                                 \
    {                                                                                                                  \
        .fd = -1                                                                                                       \
    }

/* Draws an address and makes the memory.  -ENOSPC, -ENOMEM, -EMFILE with words. */
int coil_heap_make(struct coil_heaps *heaps, struct coil_heap *ret_heap, struct coil_error *error);

/* Its worker is dead; programs may have it mapped for long, so its address is the last to be drawn again. */
void coil_heap_give_up(struct coil_heaps *heaps, struct coil_heap *heap);

uint64_t coil_heap_base(const struct coil_heap *heap);

#endif
