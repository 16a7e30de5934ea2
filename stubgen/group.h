/* Groups: values that stand beside each other, over which lengths are said. */
#ifndef STUBGEN_GROUP_H
#define STUBGEN_GROUP_H

#include "stubgen/annotation.h"
#include "stubgen/passage.h"

/* A function's parameter, or a struct's field; those of anonymous structs are fields of the struct around them. */
struct coil_member {
    const char *name;              /* NULL if it has none */
    struct coil_type *type;        /* as declared */
    struct coil_position position; /* of the name, or of the type if it has none */
    const struct coil_annotation *annotation;
    bool is_parameter;              /* arrays are pointers there */
    const struct coil_field *field; /* NULL: no field */
    bool is_in_union;               /* of an anonymous one, or the struct is one */
    uint64_t base;                  /* where the anonymous struct is that it is in, if that is a type of its own */
    struct coil_marks marks;        /* what its annotations say */
    struct coil_passage *passage;
};

struct coil_group {
    const char *owner;        /* how messages name it: "this function", "this struct" */
    const char *member_words; /* "parameter", "field" */
    bool is_alone;            /* of a variable, beside which there is nothing */
    struct coil_member *members;
    size_t count;
};

/* Their members, with passages that nothing has been decided about yet. */
struct coil_group coil_group_of_parameters(struct coil_module_model *module, const struct coil_type *function);
struct coil_group coil_group_of_fields(struct coil_module_model *module, const struct coil_record *record);

/* Nothing is beside a variable. */
struct coil_group coil_group_of_nothing(void);

/* Reads what is said about each member, and compiles the lengths: decisions about one depend on those of others. */
void coil_group_read(struct coil_module_model *module, struct coil_group *group);

/* Whether the expressions of another member than `member` use `index`. */
bool coil_group_uses(const struct coil_group *group, size_t member, size_t index);

/* An integer whose value a length can be made of. */
bool coil_member_is_countable(const struct coil_member *member);

/* Which words can be said about it. */
enum coil_annotated coil_member_annotated(const struct coil_member *member);

bool coil_type_is_function_pointer(struct coil_type *type); /* or a function, which is one as a parameter */

static inline bool coil_member_is_pointer(const struct coil_member *member)
{
    enum coil_type_kind kind = coil_type_strip(member->type)->kind;

    return kind == COIL_KIND_POINTER || (kind == COIL_KIND_ARRAY && member->is_parameter);
}

#endif
