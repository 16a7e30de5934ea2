/*
 * How things cross, as it was decided: each value, what its pointers lead to, and whole functions.
 * Made by crossing.c and its parts; read by the emitter and by explain.c.
 */
#ifndef STUBGEN_PASSAGE_H
#define STUBGEN_PASSAGE_H

#include "stubgen/table.h"
#include "stubgen/types.h"

struct coil_length_program;
struct coil_shape;
struct coil_signature;

/* A value: a parameter, a result, a variable, a field, an element. */
struct coil_passage {
    const char *name;                         /* in emitted C */
    struct coil_type *type;                   /* in a frame: a pointer where the parameter is an array */
    unsigned crossing;                        /* enum coil_crossing */
    unsigned number;                          /* its row among those of its frame or shape */
    bool is_to_null;                          /* the array ends with its first null pointer */
    bool is_sized;                            /* `count` counts bytes, not elements of `block` */
    bool is_local;                            /* it means something only within one process (--in-process-only) */
    const struct coil_length_program *count;  /* how many elements there are, or NULL: one */
    const struct coil_length_program *length; /* how many of them come back, or NULL: all */
    struct coil_type *block;                  /* COIL_CROSS_BLOCK_*: the type of what is behind the pointer */
    struct coil_shape *shape;                 /* of the elements behind the pointer, or of the value itself; or NULL */
    const struct coil_signature *signature;   /* COIL_CROSS_FUNCTION */
    const struct coil_field *field;           /* of a shape's value, unless that is an array's element */
    uint64_t base; /* the same: where the anonymous struct is that the field is in, if that is a type of its own */
};

/* What one element contains that is followed. */
struct coil_shape {
    const struct coil_record *record; /* NULL: the element is the pointer `element` */
    struct coil_type *element;
    struct coil_passage *passages; /* in the order of their offsets */
    size_t passage_count;
    bool is_decided;  /* its passages are there, or being made */
    bool is_finished; /* they are there */
    bool is_local;    /* a value in it means something only within one process */
    bool is_needed;   /* there is something in it that is followed, or that nobody has said enough about */
    bool is_found;    /* something that crosses has it */
    bool is_seen;     /* by a search that goes on */
    bool is_placed;   /* `index` is known */
    unsigned index;   /* in the descriptor */
    unsigned depth;   /* of shapes in place within each other, itself counted */
};

/* What a call takes and gives. */
struct coil_signature {
    const char *name;                         /* of the function; NULL for what a function pointer points to */
    const char *prefix;                       /* what the names of its frames start with: "coil_NAME_add_" */
    struct coil_type *type;                   /* the function's */
    const struct coil_annotation *annotation; /* of the function, or beside the pointer to it */
    struct coil_passage *passages;            /* one per parameter */
    size_t passage_count;
    struct coil_passage result;
    bool is_elsewhere; /* of a function pointer's: declared by an included module, whose types may be unknown in C */
    bool is_found;     /* of a function pointer's: something that crosses has it */
    unsigned number;   /* the same: among those */
    bool is_idempotent;
    bool is_oneway;
    struct coil_position oneway_position;
    const char *error_text;    /* error() as it was written, or NULL */
    const char *error_integer; /* the same in C, for results that are integers; or NULL */
    const char *error_real;    /* the same for floating-point results */
    const char *timeout_text;  /* timeout() as it was written, or NULL */
    const char *timeout_ms;    /* the same in C */
    bool is_error_unknown;     /* whether it fits is the compiler's to say */
    bool is_timeout_unknown;
    bool is_in_process_only; /* a parameter or the result means something only within one process */
};

#endif
