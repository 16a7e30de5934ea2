/*
 * coil_alloc(): memory that Python sees as it is.
 *
 * All bookkeeping lies in private memory: whoever else maps a region can write blocks and
 * nothing else.  Each block and each gap between blocks is one extent; a block's extent becomes the
 * gap's when it is freed, so that freeing never needs memory.  First fit by address keeps blocks together.
 *
 * The program may call from any thread.  A forked child has copies of all blocks, and gets new ones in regions of its
 * own.
 */
#include "client/memory.h"

#include <errno.h>
#include <stdlib.h>

#define ALIGNMENT 64u
#define LARGE_SIZE 131072u /* blocks of at least this size give their memory back when they are freed */

static pthread_mutex_t lock =
    PTHREAD_MUTEX_INITIALIZER; /* guards everything here, and the regions; nothing is taken inside */
static struct coil_extent *blocks;
static struct coil_extent *gaps;

/* A gap that is large enough, in a new region if need be. */
static struct coil_extent *find_gap(uint64_t size)
{
    struct coil_extent *gap = coil_extents_fit(gaps, size);
    struct coil_region *region;

    if (gap)
        return gap;
    gap = calloc(1, sizeof *gap);
    region = gap ? coil_region_new(size) : NULL;
    if (!region) {
        free(gap);
        return NULL;
    }
    gap->begin = region->base;
    gap->size = region->size;
    gap->region = region;
    coil_extents_insert(&gaps, gap);
    return gap;
}

/* Cuts a block off the beginning of a gap. */
static struct coil_extent *take(uint64_t size)
{
    struct coil_extent *block = calloc(1, sizeof *block);
    struct coil_extent *gap = block ? find_gap(size) : NULL;

    if (!gap || coil_region_back(gap->region, gap->begin, size) < 0) {
        free(block);
        return NULL;
    }
    block->begin = gap->begin;
    block->size = size;
    block->region = gap->region;
    coil_extents_remove(&gaps, gap);
    gap->begin += size;
    gap->size -= size;
    if (gap->size > 0)
        coil_extents_insert(&gaps, gap);
    else
        free(gap);
    coil_extents_insert(&blocks, block);
    return block;
}

/* A gap where a block was, as one with its neighbours. */
static void give_back(struct coil_extent *gap)
{
    struct coil_extent *before = coil_extents_before(gaps, gap->begin);
    struct coil_extent *after = coil_extents_after(gaps, gap->begin);

    if (gap->region->is_frozen) { /* nothing new comes to lie there */
        free(gap);
        return;
    }
    if (before && before->region == gap->region && before->begin + before->size == gap->begin) {
        coil_extents_remove(&gaps, before);
        gap->begin = before->begin;
        gap->size += before->size;
        free(before);
    }
    if (after && after->region == gap->region && gap->begin + gap->size == after->begin) {
        coil_extents_remove(&gaps, after);
        gap->size += after->size;
        free(after);
    }
    coil_extents_insert(&gaps, gap);
}

COIL_EXPORT void *coil_alloc(size_t size)
{
    struct coil_extent *block = NULL;
    void *memory = NULL;

    coil_fork_prepare();
    if (size <= COIL_REGION_SIZE_MAX) {
        (void)pthread_mutex_lock(&lock);
        block = take(size ? (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : ALIGNMENT);
        if (block)
            memory = (void *)(uintptr_t)block->begin;
        (void)pthread_mutex_unlock(&lock);
    }
    if (!memory)
        errno = ENOMEM;
    return memory;
}

COIL_EXPORT void coil_free(void *memory)
{
    uint64_t at = (uint64_t)(uintptr_t)memory;
    struct coil_extent *block;
    int saved = errno;

    if (!memory)
        return;
    (void)pthread_mutex_lock(&lock);
    block = coil_extents_before(blocks, at);
    if (block && block->begin == at) {
        coil_extents_remove(&blocks, block);
        if (block->size >= LARGE_SIZE)
            coil_region_give_back(block->region, block->begin, block->size);
        give_back(block);
    } else {
        block = NULL;
    }
    (void)pthread_mutex_unlock(&lock);
    if (!block) { /* as free() does: going on would only move the crash elsewhere */
        coil_status_print("coil_free(%p): this is no block of coil_alloc(), or it has been freed before", memory);
        abort();
    }
    errno = saved;
}

bool coil_memory_region(uint64_t address, struct coil_region *ret_region)
{
    const struct coil_region *region;

    (void)pthread_mutex_lock(&lock);
    for (region = coil_regions; region; region = region->next)
        if (address - region->base < region->size)
            break;
    if (region)
        *ret_region = *region;
    (void)pthread_mutex_unlock(&lock);
    return region != NULL;
}

void coil_memory_before_fork(void)
{
    (void)pthread_mutex_lock(&lock);
}

void coil_memory_after_fork(bool in_child)
{
    if (!in_child) {
        (void)pthread_mutex_unlock(&lock);
        return;
    }
    coil_regions_freeze();
    gaps = NULL; /* what they were is too little to be worth freeing here */
    (void)pthread_mutex_init(&lock, NULL);
}
