/*
 * Text of programs inside of other languages.
 *
 * Purpose: names of modules and paths are bytes that somebody else has chosen; readers of JSON and OpenMetrics insist
 * on UTF-8.  What is none becomes U+FFFD, what has a meaning there is escaped.
 *
 * Called by statistics.c and metrics.c; nothing is kept.
 */
#include "daemon/supervisor/escape.h"

#include <stdint.h>

/* How many bytes the character at `text` has, by RFC 3629; 0: it is none. */
static unsigned character_size(const char *text)
{
    const unsigned char *byte = (const unsigned char *)text;
    unsigned size = byte[0] < 0x80   ? 1
                    : byte[0] < 0xc2 ? 0
                    : byte[0] < 0xe0 ? 2
                    : byte[0] < 0xf0 ? 3
                    : byte[0] < 0xf5 ? 4
                                     : 0;

    for (unsigned i = 1; i < size; i++) {
        if ((byte[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((byte[0] == 0xe0 && byte[1] < 0xa0) || (byte[0] == 0xed && byte[1] > 0x9f) ||
        (byte[0] == 0xf0 && byte[1] < 0x90) || (byte[0] == 0xf4 && byte[1] > 0x8f))
        return 0;
    return size;
}

enum language { JSON, LABEL, WORD };

static void write_one(FILE *out, unsigned char c, enum language language)
{
    if (language != WORD && (c == '"' || c == '\\'))
        (void)fprintf(out, "\\%c", c);
    else if (language != WORD && c == '\n')
        (void)fputs("\\n", out);
    else if (c >= ' ' && c != 0x7f)
        (void)fputc(c, out);
    else if (language == JSON)
        (void)fprintf(out, "\\u%04x", c);
    else
        (void)fputc('?', out);
}

static void write_all(FILE *out, const char *text, enum language language)
{
    while (*text) {
        unsigned size = character_size(text);

        if (size == 1)
            write_one(out, (unsigned char)*text, language);
        else if (size == 0)
            (void)fputs("\xef\xbf\xbd", out);
        else
            (void)fwrite(text, 1, size, out);
        text += size ? size : 1;
    }
}

void coil_escape_json(FILE *out, const char *text)
{
    (void)fputc('"', out);
    write_all(out, text, JSON);
    (void)fputc('"', out);
}

void coil_escape_label(FILE *out, const char *text)
{
    (void)fputc('"', out);
    write_all(out, text, LABEL);
    (void)fputc('"', out);
}

void coil_escape_word(FILE *out, const char *text)
{
    write_all(out, text, WORD);
}
