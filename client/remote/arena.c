/*
 * Private copies that a call keeps until it ends.
 *
 * Thousands of small blocks and a few large ones, all freed at once.  A chunk never
 * moves, so what was taken stays where it is.  Called by the other parts of
 * marshalling; one thread.
 */
#include "client/remote/marshal.h"

#include <stdlib.h>

#define CHUNK_SIZE 16384u
#define KEPT_SIZE 65536u

struct coil_chunk {
    struct coil_chunk *next;
    uint64_t size; /* of `memory` */
    uint64_t used;
    _Alignas(16) unsigned char memory[];
};

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
