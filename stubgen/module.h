/* A module: everything that its declarations declare. */
#ifndef STUBGEN_MODULE_H
#define STUBGEN_MODULE_H

#include "stubgen/table.h"
#include "stubgen/types.h"

/* An integer constant's value, with C's arithmetic on 64 bits. */
struct coil_number {
    bool is_known;
    bool is_unsigned; /* only then is `bits` not two's complement */
    uint64_t bits;
};

enum coil_name_kind {
    COIL_NAME_TYPEDEF,
    COIL_NAME_FUNCTION,
    COIL_NAME_VARIABLE,
    COIL_NAME_INTEGER, /* #define, static const of an integer type, enumerator */
    COIL_NAME_REAL,    /* static const of a floating-point type */
};

enum coil_linkage {
    COIL_LINKAGE_C,        /* the C source's own function: Python reaches it through lib */
    COIL_LINKAGE_STATIC,   /* extern "Python": for the C source only */
    COIL_LINKAGE_EXTERNAL, /* extern "Python+C" */
    COIL_LINKAGE_EXPORTED, /* of embedding_api() */
};

struct coil_passage;
struct coil_signature;

/* An ordinary identifier. */
struct coil_name {
    enum coil_name_kind kind;
    const char *name;
    struct coil_type *type; /* NULL for a #define */
    struct coil_position position;
    struct coil_name *next;                     /* in order of declaration */
    bool is_builtin;                            /* a typedef that the language has, such as FILE */
    const struct coil_descriptor_global *known; /* of an included module; set by coil_included_apply() */

    /* COIL_NAME_INTEGER */
    struct coil_number number;
    bool is_asserted;                           /* the declaration gives the value, and the C source must agree */
    const struct coil_enumeration *enumeration; /* of an enumerator */

    /* COIL_NAME_FUNCTION */
    enum coil_linkage linkage;
    struct coil_signature *signature; /* set by coil_crossing_decide(); NULL if it is another module's */

    /* COIL_NAME_FUNCTION, COIL_NAME_VARIABLE */
    const struct coil_annotation *annotation;

    /* COIL_NAME_VARIABLE */
    bool is_constant;             /* need not be a variable in C, only something with a value */
    struct coil_passage *passage; /* as a function's signature */
};

struct coil_list {
    void **items;
    size_t count;
    size_t capacity;
};

struct coil_module_model {
    struct coil_arena *arena;
    struct coil_diagnostics *diagnostics;
    const char *name;       /* dots allowed */
    const char *identifier; /* the name with dots made underscores */
    const char *prefix;     /* of every identifier that the emitter makes up: "coil_IDENTIFIER_" */
    const char *init_code;  /* "" if there is none */
    const char *c_source;
    struct coil_table names; /* of struct coil_name */
    struct coil_table tags;  /* of struct coil_type: structs, unions, enums */
    struct coil_name *first;
    struct coil_name **last;
    struct coil_list records;             /* in order of first mention */
    struct coil_list enumerations;        /* in order of first mention */
    struct coil_list sorted_records;      /* by cffi_name, as the descriptor has them; set by coil_module_finish() */
    struct coil_list sorted_enumerations; /* the same */
    struct coil_list functions;           /* of struct coil_name: those that Python implements, as declared */
    struct coil_list signatures;          /* the same: C functions that lib has, sorted by name */
    struct coil_list variables;           /* the same: variables that lib has, sorted by name */
    struct coil_table callbacks_by_text;  /* struct coil_signature: what function pointers point to */
    struct coil_list undecided_callbacks; /* the same: those that nothing has been decided about yet */
    struct coil_list callbacks;           /* the same: those that cross, in the descriptor's order */
    struct coil_list undecided_records;   /* of struct coil_record: those that pointers lead to */
    struct coil_table elements;           /* struct coil_shape: pointers that are elements of arrays, by their text */
    struct coil_list shapes;              /* struct coil_shape: those that cross, in the descriptor's order */
    unsigned records_without_name;
    bool is_in_process_only; /* what does not cross between processes is let through */
};

/* `name` is known to be a module's name (see coil_module_name_is_good). */
struct coil_module_model *coil_module_new(struct coil_arena *arena, struct coil_diagnostics *diagnostics,
                                          const char *name);

/* Identifiers joined by dots. */
bool coil_module_name_is_good(const char *name);

/* A declared name, or one that every module has; NULL if there is none. */
struct coil_name *coil_module_find(struct coil_module_model *module, const char *name);

/* Words of C that cannot name anything. */
bool coil_is_keyword(const char *word);

/*
 * Declares a name, or returns NULL if the same was declared before in the same
 * way.  Refuses a second meaning of the same name, and names that emitted code needs.
 */
struct coil_name *coil_module_declare(struct coil_module_model *module, enum coil_name_kind kind, const char *name,
                                      struct coil_type *type, struct coil_position position);

struct coil_record *coil_module_add_record(struct coil_module_model *module, bool is_union, const char *tag,
                                           struct coil_position position);
struct coil_enumeration *coil_module_add_enumeration(struct coil_module_model *module, const char *tag,
                                                     struct coil_position position);

/* A built-in type: one of CFFI's primitive types by its name ("unsigned int", "size_t"), or NULL. */
struct coil_type *coil_primitive_find(struct coil_module_model *module, const char *name);

/* The name of COIL_PRIM_* in C. */
const char *coil_primitive_name(int primitive);

/* The words of COIL_PRIM_*'s name behind that prefix. */
const char *coil_primitive_macro(int primitive);

/* After the last section: gives every struct and enum its names and its place among the sorted ones. */
void coil_module_finish(struct coil_module_model *module);

/* Whether the function is one that Python implements. */
static inline bool coil_name_is_python(const struct coil_name *name)
{
    return name->kind == COIL_NAME_FUNCTION && name->linkage != COIL_LINKAGE_C;
}

/* Whether it is a function or a variable of an included module, which is out of reach for this one. */
static inline bool coil_name_is_elsewhere(const struct coil_name *name)
{
    return (name->kind == COIL_NAME_FUNCTION || name->kind == COIL_NAME_VARIABLE) && name->position.section &&
           name->position.section->included;
}

void coil_list_add(struct coil_list *list, struct coil_arena *arena, void *item);

/* Where an item is that is in the list. */
unsigned coil_list_index(const struct coil_list *list, const void *item);

#endif
