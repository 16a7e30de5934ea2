/*
 * The types of a module, as declared: typedefs and qualifiers are kept, because
 * the emitted C says what the declaration said.
 */
#ifndef STUBGEN_TYPES_H
#define STUBGEN_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/descriptor.h"
#include "stubgen/lexer.h"

enum coil_type_kind {
    COIL_KIND_PRIMITIVE, /* void too */
    COIL_KIND_POINTER,
    COIL_KIND_ARRAY,
    COIL_KIND_RECORD, /* struct or union */
    COIL_KIND_ENUM,
    COIL_KIND_FUNCTION,
    COIL_KIND_TYPEDEF,  /* a name for `item` */
    COIL_KIND_QUALIFIED /* const and volatile before `item` */
};

/* Instead of a COIL_PRIM_*: the compiler knows which (typedef int... t, typedef float... t). */
#define COIL_PRIM_SOME_INTEGER (-1)
#define COIL_PRIM_SOME_REAL (-2)

enum coil_length {
    COIL_LENGTH_FIXED,
    COIL_LENGTH_OPEN,     /* [] */
    COIL_LENGTH_COMPILED, /* [...]: the compiler knows it, from `subject` */
};

#define COIL_QUALIFIER_CONST 1u
#define COIL_QUALIFIER_VOLATILE 2u

struct coil_record;
struct coil_enumeration;
struct coil_parameter;

struct coil_type {
    enum coil_type_kind kind;
    int primitive;          /* COIL_PRIM_* */
    const char *name;       /* primitive: its words in C; typedef: its name */
    struct coil_type *item; /* what is pointed to, repeated, returned, named or qualified */
    unsigned qualifiers;    /* COIL_QUALIFIER_* */
    unsigned depth;         /* how many types are within each other here, pointers to structs not followed */
    enum coil_length length_kind;
    uint64_t length;
    /* COIL_LENGTH_COMPILED: what has this type, once known: `subject_record`'s field, a variable or a
     * typedef. */
    const char *subject;
    const struct coil_record *subject_record;
    unsigned subject_depth; /* how many [0] lead from the subject to this array */
    struct coil_record *record;
    struct coil_enumeration *enumeration;
    struct coil_parameter *parameters; /* of a function */
    bool variadic;
};

struct coil_parameter {
    const char *name;              /* NULL if it has none */
    struct coil_type *type;        /* as declared: arrays are arrays here */
    struct coil_position position; /* of the name, or of the type if it has none */
    const struct coil_annotation *annotation;
    struct coil_parameter *next;
};

struct coil_field {
    const char *name; /* "" for an anonymous struct or union, and for padding bits */
    struct coil_type *type;
    int bits; /* -1: not a bit-field */
    struct coil_position position;
    const struct coil_annotation *annotation;
    const struct coil_descriptor_field *known; /* of an included module's struct; set by coil_included_apply() */
    struct coil_field *next;
};

struct coil_record {
    bool is_union;
    bool is_open;             /* its braces have been opened */
    bool is_complete;         /* and closed: its fields are declared */
    bool is_partial;          /* ... ends them, or an array in them has [...]: the compiler knows the rest */
    bool is_anonymous;        /* its fields are fields of the struct around it */
    const char *tag;          /* NULL if it has none */
    const char *typedef_name; /* the first typedef of a struct without tag */
    bool is_unknown;          /* typedef ... t; or typedef ... *t; */
    bool is_unknown_pointer;
    unsigned number; /* of those without any name, in order of declaration */
    unsigned pack;
    struct coil_field *fields;
    struct coil_position position;      /* where it was first mentioned */
    const struct coil_section *section; /* where its braces are, or NULL */
    const struct coil_record *outer;    /* the struct in whose braces it was first mentioned, or NULL */
    const char *cffi_name;              /* in the descriptor; set by coil_module_finish() */
    const char *c_name;                 /* in emitted C; set by coil_module_finish() */
    bool has_twin;  /* c_name is of a copy that the emitter declares, because C has no name for it */
    unsigned index; /* in the descriptor; set by coil_module_finish() */
    const struct coil_descriptor_struct *layout; /* of an included module's; set by coil_included_apply() */
    struct coil_shape *shape;                    /* what is followed in it; set by coil_crossing_decide() */
    struct coil_type *type;
};

struct coil_enumerator {
    const char *name;
    struct coil_position position;
    struct coil_enumerator *next;
};

struct coil_enumeration {
    const char *tag;
    const char *typedef_name;
    unsigned number;
    bool is_complete;
    bool is_partial;
    struct coil_enumerator *enumerators;
    struct coil_position position;
    const struct coil_section *section; /* where its braces are, or NULL */
    const struct coil_record *outer;
    const char *cffi_name;
    const char *c_name;
    bool has_twin;
    unsigned index;
    const struct coil_descriptor_enum *known; /* of an included module's; set by coil_included_apply() */
    struct coil_type *type;
};

struct coil_type *coil_type_new(struct coil_arena *arena, enum coil_type_kind kind, struct coil_type *item);

/* Adds qualifiers; none: the type itself. */
struct coil_type *coil_type_qualify(struct coil_arena *arena, struct coil_type *type, unsigned qualifiers);

/* The type without typedefs and qualifiers around it; of `typedef int... t` the primitive behind it. */
struct coil_type *coil_type_strip(struct coil_type *type);

/* The same, but typedefs that carry no qualifier stay: for declaring variables that are assigned to. */
struct coil_type *coil_type_unqualified(struct coil_type *type);

bool coil_type_is_const(const struct coil_type *type);
bool coil_type_is_void(struct coil_type *type);
bool coil_type_is_integer(struct coil_type *type); /* not char, not bool, not enums */
bool coil_type_is_char(struct coil_type *type);    /* plain char */
bool coil_type_is_file(struct coil_type *type);    /* FILE * */
bool coil_type_is_opaque_record(struct coil_type *type);
bool coil_type_is_opaque_pointer(struct coil_type *type); /* passed as it is: nobody can look behind it */
bool coil_type_is_incomplete(struct coil_type *type);     /* void, opaque, open array, function */

/* Whether C has no name for it: it can only be declared where it is used. */
static inline bool coil_record_is_nameless(const struct coil_record *record)
{
    return !record->tag && !record->typedef_name;
}

/* A field that is const, for which C cannot assign such a struct, or NULL. */
const struct coil_field *coil_record_const_field(const struct coil_record *record);

/* How messages name it: "'struct point'". */
const char *coil_record_words(struct coil_arena *arena, const struct coil_record *record);

/* Whether a field of the struct, or of an anonymous struct in it, is a bit-field. */
bool coil_record_has_bits(const struct coil_record *record);

/*
 * Whether an anonymous struct or union is no type of its own in the descriptor: its fields are listed among those
 * of the struct around it, as CFFI does it.  Where there are bit-fields, Python's side needs the struct as it is.
 */
bool coil_record_is_flat(const struct coil_record *record);

/* The same type in C's sense; qualifiers count, typedef names and parameters' own qualifiers do not. */
bool coil_type_equal(struct coil_type *a, struct coil_type *b);

/* Says what has a type with `[...]` in it: a field of `record`, or (NULL) an expression; its size tells the
 * length. */
void coil_type_set_subject(struct coil_type *type, const char *subject, const struct coil_record *record);

/* The declaration of `name` (may be "") with that type, in C: "int (*name)[3]". */
char *coil_type_declare(struct coil_arena *arena, struct coil_type *type, const char *name);

/* How messages name a type: declared, without a name. */
char *coil_type_name(struct coil_arena *arena, struct coil_type *type);

/* "..., size_t n": the parameters of a function type, names as they are given by the caller or NULL for none.
 */
char *coil_parameters_declare(struct coil_arena *arena, const struct coil_type *function, const char *const *names);

#endif
