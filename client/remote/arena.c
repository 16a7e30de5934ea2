/*
 * Private copies that a call keeps until it ends.
 *
 * Thousands of small blocks and a few large ones, all freed at once.  A chunk never
 * moves, so what was taken stays where it is.  Called by the other parts of
 * marshalling; one thread.
 */
#include "client/remote/marshal.h"

#include <stdlib.h>
#include <sys/mman.h>

#define CHUNK_SIZE 16384u
#define KEPT_SIZE 65536u
#define HUGE_PAGE (2u << 20)

struct coil_chunk {
    struct coil_chunk *next;
    uint64_t size; /* of `memory` */
    uint64_t used;
    _Alignas(16) unsigned char memory[];
};

/* Memory in small pages costs more than what is copied into it. */
static void prefer_huge_pages(void *memory, uint64_t size)
{
    uint64_t begin = ((uint64_t)(uintptr_t)memory + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    uint64_t end = ((uint64_t)(uintptr_t)memory + size) / HUGE_PAGE * HUGE_PAGE;

    if (end > begin)
        (void)madvise((void *)(uintptr_t)begin, end - begin, MADV_HUGEPAGE);
}

void *coil_arena_take(struct coil_arena *arena, uint64_t size)
{
    struct coil_chunk *chunk = arena->chunks;
    uint64_t need = (size + 15) & ~UINT64_C(15);
    void *taken;

    if (!chunk || need > chunk->size - chunk->used) {
        /* Each chunk is larger than the last, so that there are few of them. */
        uint64_t room = chunk ? 2 * chunk->size : CHUNK_SIZE;

        if (room > 4u << 20)
            room = 4u << 20;
        if (room < need)
            room = need;
        chunk = malloc(sizeof *chunk + room);
        if (!chunk)
            return NULL;
        if (room >= 2 * HUGE_PAGE)
            prefer_huge_pages(chunk, room);
        *chunk = (struct coil_chunk){ .next = arena->chunks, .size = room };
        arena->chunks = chunk;
    }
    taken = chunk->memory + chunk->used;
    chunk->used += need;
    return taken;
}

void coil_arena_clear(struct coil_arena *arena)
{
    struct coil_chunk *kept = NULL;

    while (arena->chunks) {
        struct coil_chunk *chunk = arena->chunks;

        arena->chunks = chunk->next;
        if (!kept && chunk->size <= KEPT_SIZE) {
            kept = chunk;
            kept->next = NULL;
            kept->used = 0;
        } else {
            free(chunk);
        }
    }
    arena->chunks = kept;
}

void coil_arena_deinit(struct coil_arena *arena)
{
    while (arena->chunks) {
        struct coil_chunk *chunk = arena->chunks;

        arena->chunks = chunk->next;
        free(chunk);
    }
}
