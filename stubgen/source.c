/*
 * Refusals.
 *
 * The first thing that is wrong ends the run: one sentence, the line it is
 * about, and a caret below the place.  A pass that finds something wrong is deep
 * in recursion; it leaves by longjmp to coil-stubgen's main function, which can be done
 * because between setjmp and here all memory is the arena's and no file is open.
 * One thread.
 */
#include "stubgen/source.h"

#include <stdarg.h>
#include <string.h>

#define SHOWN_MAX 160 /* bytes of a line in a message */

/* The line around a place. */
struct line {
    const char *start;
    size_t size;
    unsigned number;
    size_t column; /* bytes before the place */
};

static struct line line_of(struct coil_position position)
{
    const char *text = position.section->text;
    struct line line = { .start = text, .number = 1 };

    for (size_t i = 0; i < position.offset; i++)
        if (text[i] == '\n') {
            line.number++;
            line.start = text + i + 1;
        }
    line.size = strcspn(line.start, "\r\n");
    line.column = (size_t)(text + position.offset - line.start);
    if (line.column > line.size)
        line.column = line.size;
    return line;
}

unsigned coil_position_line(struct coil_position position)
{
    return line_of(position).number;
}

/* Columns count characters, so that editors find the place in lines that are not ASCII. */
static size_t characters(const char *text, size_t size)
{
    size_t count = 0;

    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

/* A line may be a whole generated file: what is shown is the part around the place. */
static struct line shown_part(struct line line)
{
    size_t skipped = line.column > SHOWN_MAX / 2 && line.size > SHOWN_MAX ? line.column - SHOWN_MAX / 2 : 0;

    while (skipped > 0 && ((unsigned char)line.start[skipped] & 0xc0) == 0x80)
        skipped--;
    line.start += skipped;
    line.column -= skipped;
    line.size -= skipped;
    if (line.size > SHOWN_MAX) {
        line.size = SHOWN_MAX;
        while (line.size > 0 && ((unsigned char)line.start[line.size] & 0xc0) == 0x80)
            line.size--;
    }
    return line;
}

/* A whole message: where, what, the line, and a caret below the place. */
static void compose(struct coil_buffer *message, struct coil_position position, const char *kind, const char *sentence)
{
    struct line line = line_of(position);
    size_t column = characters(line.start, line.column) + 1;

    line = shown_part(line);
    coil_buffer_printf(message, "%s:%u:%zu: %s: %s\n    %.*s\n    ", position.section->label, line.number, column, kind,
                       sentence, (int)line.size, line.start);
    /* Tabs stay tabs, so that the caret stands below its character. */
    for (size_t i = 0; i < line.column; i++)
        if (((unsigned char)line.start[i] & 0xc0) != 0x80)
            coil_buffer_puts(message, line.start[i] == '\t' ? "\t" : " ");
    coil_buffer_puts(message, "^\n");
}

_Noreturn void coil_refuse_at(struct coil_diagnostics *diagnostics, struct coil_position position, const char *format,
                              ...)
{
    struct coil_buffer message = COIL_BUFFER_INIT(diagnostics->arena);
    va_list arguments;
    char *sentence;

    va_start(arguments, format);
    sentence = coil_arena_vprintf(diagnostics->arena, format, arguments);
    va_end(arguments);
    compose(&message, position, "error", sentence);
    diagnostics->text = message.text;
    longjmp(diagnostics->escape, 1);
}

void coil_note_at(struct coil_diagnostics *diagnostics, struct coil_position position, const char *format, ...)
{
    va_list arguments;
    char *sentence;

    va_start(arguments, format);
    sentence = coil_arena_vprintf(diagnostics->arena, format, arguments);
    va_end(arguments);
    diagnostics->notes.arena = diagnostics->arena;
    compose(&diagnostics->notes, position, "note", sentence);
}

_Noreturn void coil_refuse(struct coil_diagnostics *diagnostics, const char *format, ...)
{
    va_list arguments;
    char *sentence;

    va_start(arguments, format);
    sentence = coil_arena_vprintf(diagnostics->arena, format, arguments);
    va_end(arguments);
    diagnostics->text = coil_arena_printf(diagnostics->arena, "coil-stubgen: error: %s\n", sentence);
    longjmp(diagnostics->escape, 1);
}
