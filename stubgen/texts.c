/*
 * Texts as C.
 *
 * The table is emitted as several char arrays in a row instead of one, because
 * ISO C promises string literals of 4095 bytes only; each array ends where a text
 * ends, so that the NUL a literal brings along is the text's own.  A text
 * longer than that (init code, thousands of enumerators) cannot be cut so, and becomes a
 * list of characters.  Used by emit_descriptor.c.
 */
#include "stubgen/texts.h"

#include <string.h>

#define LITERAL_MAX 4000u /* bytes in one literal; C11 5.2.4.1 promises 4095 */

struct coil_texts *coil_texts_new(struct coil_arena *arena)
{
    struct coil_texts *texts = coil_arena_take(arena, sizeof *texts);

    texts->arena = arena;
    (void)coil_texts_offset(texts, "");
    return texts;
}

static size_t add(struct coil_texts *texts, const char *text)
{
    size_t *offset = coil_arena_take(texts->arena, sizeof *offset);

    *offset = texts->size;
    texts->size += strlen(text) + 1;
    coil_table_put(&texts->offsets, texts->arena, text, offset);
    return *offset;
}

size_t coil_texts_offset(struct coil_texts *texts, const char *text)
{
    const size_t *known = coil_table_get(&texts->offsets, text);

    if (known)
        return *known;
    coil_list_add(&texts->list, texts->arena, (void *)(uintptr_t)text);
    return add(texts, text);
}

const char *coil_texts_print(struct coil_texts *texts, const char *text)
{
    size_t offset = coil_texts_offset(texts, text);

    return *text ? coil_arena_printf(texts->arena, "%zu /* %s */", offset, text) : "0";
}

size_t coil_texts_finish(struct coil_texts *texts, const char *init_code)
{
    if (!*init_code)
        return 0;
    texts->long_text = init_code;
    return add(texts, init_code);
}

/* The next chunk of short texts, from *inout_index on: its size, the last NUL counted. */
static size_t next_chunk(const struct coil_texts *texts, size_t *inout_index)
{
    size_t size = 0;

    while (*inout_index < texts->list.count) {
        size_t more = strlen(texts->list.items[*inout_index]) + 1;

        if (size > 0 && size + more > LITERAL_MAX)
            break;
        size += more;
        ++*inout_index;
    }
    return size;
}

const char *coil_texts_members(struct coil_texts *texts)
{
    struct coil_buffer text = COIL_BUFFER_INIT(texts->arena);
    unsigned number = 0;

    for (size_t i = 0; i < texts->list.count;)
        coil_buffer_printf(&text, "        char names_%u[%zu];\n", ++number, next_chunk(texts, &i));
    if (texts->long_text)
        coil_buffer_printf(&text, "        char init_code[%zu];\n", strlen(texts->long_text) + 1);
    return text.text;
}

/* One byte within a literal.  Octal escapes have three digits, so that what follows is no part of them. */
static void put_byte(struct coil_buffer *text, unsigned char byte)
{
    switch (byte) {
    case '\n':
        coil_buffer_puts(text, "\\n");
        break;
    case '\t':
        coil_buffer_puts(text, "\\t");
        break;
    case '"':
    case '\\':
    case '\'':
    case '?': /* two of them may start a trigraph */
        coil_buffer_printf(text, "\\%c", byte);
        break;
    default:
        coil_buffer_printf(text, byte >= 0x20 && byte < 0x7f ? "%c" : "\\%03o", byte);
    }
}

static void put_lines_as_literals(struct coil_buffer *text, const char *code)
{
    while (*code) {
        size_t size = strcspn(code, "\n");

        size += code[size] == '\n';
        coil_buffer_puts(text, "            \"");
        for (size_t i = 0; i < size; i++)
            put_byte(text, (unsigned char)code[i]);
        code += size;
        coil_buffer_puts(text, *code ? "\"\n" : "\",\n");
    }
}

static void put_lines_as_characters(struct coil_buffer *text, const char *code)
{
    coil_buffer_puts(text, "            {\n");
    while (*code) {
        size_t size = strcspn(code, "\n");

        size += code[size] == '\n';
        for (size_t i = 0; i < size; i++) {
            coil_buffer_puts(text, i == 0 ? "                '" : i % 20 == 0 ? "\n                '" : " '");
            put_byte(text, (unsigned char)code[i]);
            coil_buffer_puts(text, "',");
        }
        coil_buffer_puts(text, "\n");
        code += size;
    }
    coil_buffer_puts(text, "                '\\0',\n            },\n");
}

/* A literal per text; the NUL between two of them is written, the last one is the array's. */
static void put_chunk(struct coil_buffer *text, const struct coil_texts *texts, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        coil_buffer_puts(text, "            \"");
        for (const char *c = texts->list.items[i]; *c; c++)
            put_byte(text, (unsigned char)*c);
        coil_buffer_puts(text, i + 1 < end ? "\\0\"\n" : "\",\n");
    }
}

const char *coil_texts_values(struct coil_texts *texts)
{
    struct coil_buffer text = COIL_BUFFER_INIT(texts->arena);

    for (size_t first = 0, i = 0; i < texts->list.count; first = i) {
        if (next_chunk(texts, &i) > LITERAL_MAX)
            put_lines_as_characters(&text, texts->list.items[first]);
        else
            put_chunk(&text, texts, first, i);
    }
    if (texts->long_text && strlen(texts->long_text) > LITERAL_MAX)
        put_lines_as_characters(&text, texts->long_text);
    else if (texts->long_text)
        put_lines_as_literals(&text, texts->long_text);
    return text.text;
}
