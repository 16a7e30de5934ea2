/*
 * What is known of each block of the heap, in a worker that serves programs of several users.
 *
 * There the heap is this process's alone, and each program has copies of what it was given (mirror.c).  So of
 * each block is known how large it is, for which program it was made, and whether anything in it is a pointer: that is
 * what decides who may have it, and what a program may change.
 *
 * Blocks are found by any address in them, so they are a tree of ranges.  It lies in private memory.  Written with the
 * GIL; read by any thread.
 */
#include <errno.h>
#include <pthread.h>
#include <search.h>
#include <stdlib.h>

#include "daemon/worker/worker.h"
#include "proto/cleanup.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *tree;           /* of struct coil_heap_block; owned */
static uint64_t last_serial; /* so that a block is not taken for one that lay there before */

/* Ranges that overlap are the same to the tree: those in it never do. */
static int compare(const void *a, const void *b)
{
    const struct coil_heap_block *left = a, *right = b;

    return left->begin + left->size <= right->begin ? -1 : right->begin + right->size <= left->begin;
}

/* With the lock. */
static struct coil_heap_block *find(uint64_t address)
{
    const struct coil_heap_block key = { .begin = address, .size = 1 };
    struct coil_heap_block *const *found = tfind(&key, &tree, compare);

    return found ? *found : NULL;
}

void coil_blocks_forked(void)
{
    (void)pthread_mutex_init(&lock, NULL); /* another thread of the parent may have held it */
}

int coil_blocks_add(const void *memory, size_t size)
{
    COIL_CLEANUP(coil_memory_free) struct coil_heap_block *block = calloc(1, sizeof *block);
    int r = 0;

    if (!block)
        return -ENOMEM;
    *block = (struct coil_heap_block){ .begin = (uint64_t)(uintptr_t)memory, .size = size, .layout.pointers = UINT64_MAX };
    (void)pthread_mutex_lock(&lock);
    block->serial = ++last_serial;
    if (tsearch(block, &tree, compare))
        (void)coil_steal_memory(&block);
    else
        r = -ENOMEM;
    (void)pthread_mutex_unlock(&lock);
    return r;
}

void coil_blocks_remove(const void *memory)
{
    struct coil_heap_block *block;

    (void)pthread_mutex_lock(&lock);
    block = find((uint64_t)(uintptr_t)memory);
    if (block)
        (void)tdelete(block, &tree, compare);
    (void)pthread_mutex_unlock(&lock);
    free(block);
}

void coil_blocks_describe(void *memory, struct coil_host_program *program, const struct coil_host_layout *layout)
{
    struct coil_heap_block *block;

    if (!coil_worker_is_system || coil_worker_forked)
        return;
    (void)pthread_mutex_lock(&lock);
    block = find((uint64_t)(uintptr_t)memory);
    if (block) {
        block->owner = program ? coil_program_session(program)->number : 0;
        block->layout = *layout;
    }
    (void)pthread_mutex_unlock(&lock);
}

bool coil_blocks_find(uint64_t address, struct coil_heap_block *ret_block)
{
    const struct coil_heap_block *block;

    (void)pthread_mutex_lock(&lock);
    block = find(address);
    if (block)
        *ret_block = *block;
    (void)pthread_mutex_unlock(&lock);
    return block != NULL;
}
