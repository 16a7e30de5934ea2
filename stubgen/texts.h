/* The descriptor's table of texts: each text once, named by its offset. */
#ifndef STUBGEN_TEXTS_H
#define STUBGEN_TEXTS_H

#include "stubgen/table.h"
#include "stubgen/module.h"

struct coil_texts {
    struct coil_arena *arena;
    struct coil_list list; /* of const char *, in order */
    struct coil_table offsets;
    size_t size;           /* bytes, each text's NUL counted */
    const char *long_text; /* the one that is emitted by itself: init code */
};

struct coil_texts *coil_texts_new(struct coil_arena *arena);

/* The offset of a text; adds it if it is new.  The empty text is at 0. */
size_t coil_texts_offset(struct coil_texts *texts, const char *text);

/* The same as C with a comment that says which text it is. */
const char *coil_texts_print(struct coil_texts *texts, const char *text);

/* Puts the init code at the end of the table; nothing may be added after it. */
size_t coil_texts_finish(struct coil_texts *texts, const char *init_code);

/* The members of the table (char arrays, 8 blanks in front), and what initialises them. */
const char *coil_texts_members(struct coil_texts *texts);
const char *coil_texts_values(struct coil_texts *texts);

#endif
