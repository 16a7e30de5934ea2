/*
 * Types: building, comparing and asking.  Declaring them in C is declare.c's,
 * turning them into CFFI's codes is opcodes.c's.  All memory is the arena's.
 */
#include "stubgen/types.h"

#include <string.h>

#include "proto/descriptor.h"

struct coil_type *coil_type_new(struct coil_arena *arena, enum coil_type_kind kind, struct coil_type *item)
{
    struct coil_type *type = coil_arena_take(arena, sizeof *type);

    type->kind = kind;
    type->item = item;
    type->depth =
        item && !(kind == COIL_KIND_POINTER && coil_type_strip(item)->kind == COIL_KIND_RECORD) ? item->depth + 1 : 1;
    return type;
}

struct coil_type *coil_type_qualify(struct coil_arena *arena, struct coil_type *type, unsigned qualifiers)
{
    struct coil_type *qualified;

    if (!qualifiers)
        return type;
    if (type->kind == COIL_KIND_QUALIFIED) {
        qualifiers |= type->qualifiers;
        type = type->item;
    }
    qualified = coil_type_new(arena, COIL_KIND_QUALIFIED, type);
    qualified->qualifiers = qualifiers;
    return qualified;
}

struct coil_type *coil_type_strip(struct coil_type *type)
{
    while (type->kind == COIL_KIND_TYPEDEF || type->kind == COIL_KIND_QUALIFIED)
        type = type->item;
    return type;
}

/* The qualifiers around a type, its typedefs included; a qualified array has qualified items instead. */
static unsigned qualifiers_of(const struct coil_type *type)
{
    unsigned qualifiers = 0;

    for (; type->kind == COIL_KIND_TYPEDEF || type->kind == COIL_KIND_QUALIFIED; type = type->item)
        qualifiers |= type->qualifiers;
    return type->kind == COIL_KIND_ARRAY ? qualifiers | qualifiers_of(type->item) : qualifiers;
}

struct coil_type *coil_type_unqualified(struct coil_type *type)
{
    if (qualifiers_of(type) != 0 || coil_type_strip(type)->kind == COIL_KIND_ARRAY)
        while (type->kind == COIL_KIND_QUALIFIED || (type->kind == COIL_KIND_TYPEDEF && qualifiers_of(type)))
            type = type->item;
    return type;
}

bool coil_type_is_const(const struct coil_type *type)
{
    return (qualifiers_of(type) & COIL_QUALIFIER_CONST) != 0;
}

bool coil_type_is_void(struct coil_type *type)
{
    type = coil_type_strip(type);
    return type->kind == COIL_KIND_PRIMITIVE && type->primitive == COIL_PRIM_VOID;
}

bool coil_type_is_integer(struct coil_type *type)
{
    type = coil_type_strip(type);
    if (type->kind != COIL_KIND_PRIMITIVE)
        return false;
    return type->primitive == COIL_PRIM_SOME_INTEGER ||
           (type->primitive >= COIL_PRIM_SCHAR && type->primitive <= COIL_PRIM_ULONGLONG) ||
           (type->primitive >= COIL_PRIM_INT8 && type->primitive <= COIL_PRIM_UINTMAX);
}

bool coil_type_is_char(struct coil_type *type)
{
    type = coil_type_strip(type);
    return type->kind == COIL_KIND_PRIMITIVE && type->primitive == COIL_PRIM_CHAR;
}

bool coil_type_is_opaque_record(struct coil_type *type)
{
    type = coil_type_strip(type);
    return type->kind == COIL_KIND_RECORD && !type->record->is_complete;
}

bool coil_type_is_opaque_pointer(struct coil_type *type)
{
    type = coil_type_strip(type);
    return type->kind == COIL_KIND_POINTER && (coil_type_is_void(type->item) || coil_type_is_opaque_record(type->item));
}

bool coil_type_is_file(struct coil_type *type)
{
    const struct coil_record *record;

    type = coil_type_strip(type);
    if (type->kind != COIL_KIND_POINTER || coil_type_strip(type->item)->kind != COIL_KIND_RECORD)
        return false;
    record = coil_type_strip(type->item)->record;
    return !record->position.section && record->tag && strcmp(record->tag, "_IO_FILE") == 0;
}

bool coil_type_is_incomplete(struct coil_type *type)
{
    type = coil_type_strip(type);
    switch (type->kind) {
    case COIL_KIND_PRIMITIVE:
        return type->primitive == COIL_PRIM_VOID;
    case COIL_KIND_ARRAY:
        return type->length_kind == COIL_LENGTH_OPEN || coil_type_is_incomplete(type->item);
    case COIL_KIND_RECORD:
        return !type->record->is_complete;
    case COIL_KIND_FUNCTION:
        return true;
    default:
        return false;
    }
}

const struct coil_field *coil_record_const_field(const struct coil_record *record)
{
    for (const struct coil_field *f = record->fields; f; f = f->next) {
        struct coil_type *type = coil_type_strip(f->type);

        while (type->kind == COIL_KIND_ARRAY && !coil_type_is_const(f->type))
            type = coil_type_strip(type->item);
        if (coil_type_is_const(f->type) || (type->kind == COIL_KIND_RECORD && coil_record_const_field(type->record)))
            return f;
    }
    return NULL;
}

const char *coil_record_words(struct coil_arena *arena, const struct coil_record *record)
{
    if (coil_record_is_nameless(record))
        return record->is_union ? "a union without a name" : "a struct without a name";
    return coil_arena_printf(arena, "'%s'", coil_type_name(arena, record->type));
}

bool coil_record_has_bits(const struct coil_record *record)
{
    for (const struct coil_field *f = record->fields; f; f = f->next)
        if (f->bits >= 0 || (!*f->name && coil_record_has_bits(coil_type_strip(f->type)->record)))
            return true;
    return false;
}

bool coil_record_is_flat(const struct coil_record *record)
{
    const struct coil_record *owner = record->outer;

    if (!record->is_anonymous || !owner)
        return false;
    while (owner->outer && coil_record_is_flat(owner))
        owner = owner->outer;
    return record->is_partial || !coil_record_has_bits(owner);
}

/* Arrays and functions as parameters are pointers. */
static bool parameters_equal(struct coil_type *a, struct coil_type *b)
{
    struct coil_type *x = coil_type_strip(a);
    struct coil_type *y = coil_type_strip(b);
    bool x_points = x->kind == COIL_KIND_ARRAY || x->kind == COIL_KIND_POINTER;
    bool y_points = y->kind == COIL_KIND_ARRAY || y->kind == COIL_KIND_POINTER;

    if (x_points && y_points)
        return coil_type_equal(x->item, y->item);
    if (x->kind == COIL_KIND_FUNCTION && y->kind == COIL_KIND_POINTER)
        return coil_type_equal(x, y->item);
    if (y->kind == COIL_KIND_FUNCTION && x->kind == COIL_KIND_POINTER)
        return coil_type_equal(x->item, y);
    return coil_type_equal(x, y);
}

bool coil_type_equal(struct coil_type *a, struct coil_type *b)
{
    const struct coil_parameter *p;
    const struct coil_parameter *q;

    if (a == b)
        return true;
    if (qualifiers_of(a) != qualifiers_of(b))
        return false;
    a = coil_type_strip(a);
    b = coil_type_strip(b);
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case COIL_KIND_PRIMITIVE:
        return a->primitive == b->primitive && (a->primitive >= 0 || strcmp(a->name, b->name) == 0);
    case COIL_KIND_POINTER:
        return coil_type_equal(a->item, b->item);
    case COIL_KIND_ARRAY:
        return a->length_kind == b->length_kind && a->length == b->length && coil_type_equal(a->item, b->item);
    case COIL_KIND_RECORD:
        return a->record == b->record;
    case COIL_KIND_ENUM:
        return a->enumeration == b->enumeration;
    case COIL_KIND_FUNCTION:
        for (p = a->parameters, q = b->parameters; p && q; p = p->next, q = q->next)
            if (!parameters_equal(p->type, q->type))
                return false;
        return !p && !q && a->variadic == b->variadic && coil_type_equal(a->item, b->item);
    default:
        return false;
    }
}

void coil_type_set_subject(struct coil_type *type, const char *subject, const struct coil_record *record)
{
    /* A typedef's arrays keep the typedef as their subject. */
    for (unsigned depth = 0; type->kind == COIL_KIND_ARRAY; depth++, type = type->item)
        if (type->length_kind == COIL_LENGTH_COMPILED) {
            type->subject = subject;
            type->subject_record = record;
            type->subject_depth = depth;
        }
}
