/*
 * One arena for everything that the passes build.
 *
 * A generator reads a few kilobytes, builds trees that point into each other,
 * writes text and ends.  Ownership of single nodes would be effort without use,
 * and a declaration that is refused leaves its pass by longjmp (source.c), which
 * must not lose anything: so nothing is owned singly and all of it is freed at
 * the end.  Running out of memory here ends the program, with words.
 * One thread.
 */
#include "stubgen/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 65536u

struct coil_arena_block {
    struct coil_arena_block *next;
    size_t used;
    size_t size;
    alignas(max_align_t) char bytes[];
};

void coil_arena_deinit(struct coil_arena *arena)
{
    struct coil_arena_block *next;

    for (struct coil_arena_block *block = arena->blocks; block; block = next) {
        next = block->next;
        free(block);
    }
    arena->blocks = NULL;
}

void *coil_arena_take(struct coil_arena *arena, size_t size)
{
    struct coil_arena_block *block = arena->blocks;
    void *memory;

    size = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    if (!block || block->size - block->used < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;

        block = calloc(1, sizeof *block + room);
        if (!block) {
            (void)fputs("coil-stubgen: error: out of memory\n", stderr);
            exit(1);
        }
        block->size = room;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    memory = block->bytes + block->used;
    block->used += size;
    return memory;
}

char *coil_arena_copy(struct coil_arena *arena, const char *text, size_t size)
{
    char *copy = coil_arena_take(arena, size + 1);

    if (size > 0)
        memcpy(copy, text, size);
    return copy;
}

char *coil_arena_vprintf(struct coil_arena *arena, const char *format, va_list arguments)
{
    va_list again;
    int size;
    char *text;

    va_copy(again, arguments);
    size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    text = coil_arena_take(arena, (size_t)size + 1);
    (void)vsnprintf(text, (size_t)size + 1, format, arguments);
    return text;
}

char *coil_arena_printf(struct coil_arena *arena, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = coil_arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return text;
}

void coil_buffer_put(struct coil_buffer *buffer, const char *text, size_t size)
{
    if (buffer->capacity - buffer->size <= size) {
        size_t capacity = 2 * (buffer->capacity + size) + 64;
        char *larger = coil_arena_take(buffer->arena, capacity);

        if (buffer->size > 0)
            memcpy(larger, buffer->text, buffer->size);
        buffer->text = larger;
        buffer->capacity = capacity;
    }
    if (size > 0)
        memcpy(buffer->text + buffer->size, text, size);
    buffer->size += size;
    buffer->text[buffer->size] = '\0';
}

void coil_buffer_puts(struct coil_buffer *buffer, const char *text)
{
    coil_buffer_put(buffer, text, strlen(text));
}

void coil_buffer_printf(struct coil_buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_list again;
    int size;

    va_start(arguments, format);
    va_copy(again, arguments);
    size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (size > 0) {
        char *text = coil_arena_take(buffer->arena, (size_t)size + 1);

        (void)vsnprintf(text, (size_t)size + 1, format, arguments);
        coil_buffer_put(buffer, text, (size_t)size);
    }
    va_end(arguments);
}
