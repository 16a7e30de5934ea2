/* What lies in a value or behind a pointer: whether its bytes mean the same on both sides. */
#ifndef STUBGEN_CONTENTS_H
#define STUBGEN_CONTENTS_H

#include "stubgen/module.h"

/* A parameter or a result: where a refusal points, and what it is about. */
struct coil_subject {
    struct coil_module_model *module;
    struct coil_position position;
    const char *name; /* "'p'", "argument 2 of 'f'", "the result of 'f'" */
    bool is_of_lib;   /* only lib reaches it: what is not clear is an exception in Python, no error here */
    bool *is_local;   /* set if it is let through, for in-process mode, where every address is good, or for lib */
};

#define COIL_SUBJECT_REFUSE(subject, ...)                                                                              \
    coil_refuse_at((subject)->module->diagnostics, (subject)->position, __VA_ARGS__)

/* Whether something that does not cross is let through: for lib, or by --in-process-only. */
bool coil_subject_is_let_through(const struct coil_subject *subject);

bool coil_type_is_opaque_record(struct coil_type *type);

/* A pointer that is passed as it is, because nobody can look behind it. */
bool coil_type_is_opaque_pointer(struct coil_type *type);

/* A field that is const, for which C cannot assign such a struct, or NULL. */
const struct coil_field *coil_record_const_field(const struct coil_record *record);

/* Refuses what cannot be copied to the other side as bytes: a type that a pointer leads to. */
void coil_contents_check(const struct coil_subject *subject, struct coil_type *type);

/* The same for what is passed by value; and what C cannot assign. */
void coil_contents_check_value(const struct coil_subject *subject, struct coil_type *type);

#endif
