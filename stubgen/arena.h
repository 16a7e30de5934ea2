/* Memory that lives until the program has done its work: everything the passes build is taken from one arena.
 */
#ifndef STUBGEN_ARENA_H
#define STUBGEN_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct coil_arena_block;

struct coil_arena {
    struct coil_arena_block *blocks;
};

/* Frees everything that was taken from the arena. */
void coil_arena_deinit(struct coil_arena *arena);

/* Zeroed memory, aligned for any type.  Never NULL: without memory the program ends with a message. */
void *coil_arena_take(struct coil_arena *arena, size_t size);

/* Texts, NUL-terminated. */
char *coil_arena_copy(struct coil_arena *arena, const char *text, size_t size);
char *coil_arena_printf(struct coil_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *coil_arena_vprintf(struct coil_arena *arena, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* A text that grows; always NUL-terminated once something was put into it.  Its memory is the arena's. */
struct coil_buffer {
    struct coil_arena *arena;
    char *text;
    size_t size;
    size_t capacity;
};

#define COIL_BUFFER_INIT(of_arena)                                                                                     \
    {                                                                                                                  \
        .arena = (of_arena)                                                                                            \
    }

void coil_buffer_put(struct coil_buffer *buffer, const char *text, size_t size);
void coil_buffer_puts(struct coil_buffer *buffer, const char *text);
void coil_buffer_printf(struct coil_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
