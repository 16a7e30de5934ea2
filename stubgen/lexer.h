/* Tokens of CFFI's declaration language, which is C's without a preprocessor, and `...` in more places. */
#ifndef STUBGEN_LEXER_H
#define STUBGEN_LEXER_H

#include <stdbool.h>

#include "stubgen/source.h"

enum coil_token_kind {
    COIL_TOKEN_END,  /* of the section */
    COIL_TOKEN_WORD, /* identifier or keyword */
    COIL_TOKEN_NUMBER,
    COIL_TOKEN_CHARACTER,  /* 'c', with its quotes */
    COIL_TOKEN_STRING,     /* "s", with its quotes */
    COIL_TOKEN_PUNCTUATOR, /* the longest one of C, `...` among them */
    COIL_TOKEN_DIRECTIVE /* a whole preprocessor line, from its # on; comments in it are blanked, lines joined
                          */
};

/* A comment of the form [word, ...], which says how something crosses. */
struct coil_annotation {
    const char *text;              /* what stands between the brackets */
    struct coil_position position; /* of the opening bracket */
};

struct coil_token {
    enum coil_token_kind kind;
    const char *text; /* NUL-terminated */
    struct coil_position position;
    const struct coil_annotation
        *annotation; /* the last one between this token and the one before, or NULL */
};

/* All tokens from `start` to `end` (offsets); the last one is COIL_TOKEN_END.  Refuses what no token starts
 * with. */
struct coil_token *coil_lex(struct coil_diagnostics *diagnostics, const struct coil_section *section,
                            size_t start, size_t end);

bool coil_token_is(const struct coil_token *token, const char *text);

#endif
