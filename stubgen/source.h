/* The texts of declarations, places in them, and how a refusal leaves the pass that found it. */
#ifndef STUBGEN_SOURCE_H
#define STUBGEN_SOURCE_H

#include <setjmp.h>
#include <stddef.h>

#include "proto/descriptor.h"
#include "stubgen/arena.h"

enum coil_section_kind {
    COIL_SECTION_CDEF,  /* ffi.cdef(): functions are C's, unless they are extern "Python" */
    COIL_SECTION_API,   /* ffi.embedding_api(): every function is implemented in Python and exported */
    COIL_SECTION_HEADER /* the same, from a C header with its preprocessor lines */
};

/* One text of declarations. */
struct coil_section {
    enum coil_section_kind kind;
    const char *label; /* what messages call it: a file's name, or what stands for one */
    const char *text;  /* NUL-terminated */
    size_t size;
    const struct coil_descriptor *included; /* of the module that these declarations are from, or NULL */
    unsigned pack;                          /* greatest alignment of a field, in bytes; 0: the compiler's own rules */
    struct coil_section *next;
};

/* A place in a text. */
struct coil_position {
    const struct coil_section *section; /* NULL: no place */
    size_t offset;
};

/* Where refusals go.  `escape` must be set (setjmp) before the first pass runs. */
struct coil_diagnostics {
    struct coil_arena *arena;
    jmp_buf escape;
    char *text;               /* the whole message, with the source line and the caret; ends in a newline */
    struct coil_buffer notes; /* the same for what is no error, one after the other */
};

/* Adds "LABEL:LINE:COLUMN: note: SENTENCE", the source line and a caret, to the notes. */
void coil_note_at(struct coil_diagnostics *diagnostics, struct coil_position position, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Composes "LABEL:LINE:COLUMN: error: SENTENCE", the source line and a caret, and jumps to `escape`. */
_Noreturn void coil_refuse_at(struct coil_diagnostics *diagnostics, struct coil_position position, const char *format,
                              ...) __attribute__((format(printf, 3, 4)));

/* The same for what has no place: "coil-stubgen: error: SENTENCE". */
_Noreturn void coil_refuse(struct coil_diagnostics *diagnostics, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The line of a place, counted from 1. */
unsigned coil_position_line(struct coil_position position);

#endif
