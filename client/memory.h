/*
 * The program's memory that Python sees as it is: coil_alloc().
 *
 *     alloc.c     blocks: coil_alloc(), coil_free()
 *     extents.c   stretches of memory, by address
 *     regions.c   where blocks lie: memfds that can be mapped elsewhere, too
 *
 * None of it needs a daemon.  remote/shared.c shows regions to workers, when a pointer leads into one.
 */
#ifndef COIL_MEMORY_H
#define COIL_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "client/remote/remote.h"

/* ---- extents.c ---- */

/* A stretch of one region's memory: a block, or a gap between blocks. */
struct coil_extent {
    uint64_t begin;
    uint64_t size;
    struct coil_region *region;
    uint64_t largest; /* size of the largest in the subtree */
    uint32_t priority;
    struct coil_extent *left, *right;
};

void coil_extents_insert(struct coil_extent **root, struct coil_extent *extent);
void coil_extents_remove(struct coil_extent **root, struct coil_extent *extent);

/* The lowest one of at least this size; NULL: there is none. */
struct coil_extent *coil_extents_fit(struct coil_extent *root, uint64_t size);

/* The last one that begins at or before an address, and the first behind it; NULL: there is none. */
struct coil_extent *coil_extents_before(struct coil_extent *root, uint64_t address);
struct coil_extent *coil_extents_after(struct coil_extent *root, uint64_t address);

/* ---- regions.c: with the lock of alloc.c ---- */

struct coil_region {
    uint64_t base;
    uint64_t size;
    struct coil_own_fd memory; /* fd -1: private memory, which cannot be shared */
    bool is_frozen;            /* a forked child's copy: blocks in it may be freed, and no new ones come */
    uint64_t *backed;          /* one bit per page: has memory behind it, and may have been written */
    struct coil_region *next;
};

extern struct coil_region *coil_regions; /* the newest first */

/* A new region for blocks of `size` bytes; its list has it.  NULL: no memory. */
struct coil_region *coil_region_new(uint64_t size);

/* Puts memory behind these bytes of a region, all zeros.  -ENOMEM: nothing was changed that matters. */
int coil_region_back(struct coil_region *region, uint64_t begin, uint64_t size);

/* Gives the whole pages among these bytes back to the system. */
void coil_region_give_back(struct coil_region *region, uint64_t begin, uint64_t size);

/* In a forked child: makes all regions its own. */
void coil_regions_freeze(void);

/* ---- alloc.c ---- */

/* The region an address lies in, copied; false: in none.  Any thread. */
bool coil_memory_region(uint64_t address, struct coil_region *ret_region);

/* Around fork(). */
void coil_memory_before_fork(void);
void coil_memory_after_fork(bool in_child);

#endif
