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
    COIL_TOKEN_DIRECTIVE   /* a whole preprocessor line, from its # on; comments in it are blanked, lines joined
                            */
};

/*
 * A comment that says how something crosses: all of it is one pair of brackets, with no other bracket in it, and
 * begins with a word behind which stands a comma, a parenthesis, a blank or the end.
 */
struct coil_annotation {
    const char *text;              /* what stands between the brackets */
    struct coil_position position; /* of the opening bracket */
    struct coil_annotation *next;  /* in order of appearance */
    bool is_taken;                 /* by the parameter, field or function that it is about */
};

struct coil_token {
    enum coil_token_kind kind;
    const char *text; /* NUL-terminated */
    struct coil_position position;
    /* The first of those between this token and the one before, or NULL.  One behind a comma or semicolon at the
     * end of a line or of a struct is about what stands before that: it is the comma's or semicolon's. */
    struct coil_annotation *annotation;
};

/* All tokens of `text`, which is the section's or stands at `offset` in it; the last one is COIL_TOKEN_END.
 * Refuses what no token starts with. */
struct coil_token *coil_lex(struct coil_diagnostics *diagnostics, const struct coil_section *section, const char *text,
                            size_t offset);

bool coil_token_is(const struct coil_token *token, const char *text);

#endif
