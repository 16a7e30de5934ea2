/*
 * Contents: what is copied between the program and Python must be bytes that mean
 * the same on both sides.
 *
 * Structs are looked through, with the structs and arrays in them.  Pointers in them
 * must be such that nobody follows.  Called by crossing.c for each parameter and
 * result; all memory is the arena's.
 */
#include "stubgen/contents.h"

#include <string.h>

#include "stubgen/annotation.h"
#include "stubgen/infer.h"

static void check_record(const struct coil_subject *subject, struct coil_record *record);

bool coil_subject_is_let_through(const struct coil_subject *subject)
{
    bool is_let_through = subject->is_of_lib || subject->module->is_in_process_only;

    if (is_let_through)
        *subject->is_local = true;
    return is_let_through;
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

static const char *record_words(const struct coil_subject *subject, const struct coil_record *record)
{
    if (coil_record_is_nameless(record))
        return record->is_union ? "a union without a name" : "a struct without a name";
    return coil_arena_printf(subject->module->arena, "'%s'", coil_type_name(subject->module->arena, record->type));
}

/* Whatever lies in an array, in its items if it is one of arrays; NULL if that has no end. */
static struct coil_type *innermost(const struct coil_subject *subject, struct coil_type *type)
{
    for (type = coil_type_strip(type); type->kind == COIL_KIND_ARRAY; type = coil_type_strip(type->item)) {
        if (type->length_kind != COIL_LENGTH_OPEN)
            continue;
        if (coil_subject_is_let_through(subject))
            return NULL;
        COIL_SUBJECT_REFUSE(subject, "%s ends in an array of open length, whose size is not known", subject->name);
    }
    return type;
}

static void check_pointer_field(const struct coil_subject *subject, const struct coil_record *record,
                                const struct coil_field *field, struct coil_type *type)
{
    const char *length = coil_infer_length_field(record, field);

    if (coil_type_is_opaque_pointer(type) && (!length || coil_type_is_opaque_record(type->item)))
        return;
    if (coil_subject_is_let_through(subject))
        return;
    if (!coil_type_is_opaque_pointer(type))
        COIL_SUBJECT_REFUSE(
            subject,
            "%s has a pointer in it: field '%s' of %s is '%s', and of pointers in structs only void * and "
            "pointers to opaque types cross in this version",
            subject->name, field->name, record_words(subject, record),
            coil_type_name(subject->module->arena, field->type));
    COIL_SUBJECT_REFUSE(
        subject,
        "field '%s' of %s is a pointer next to an integer that may be its length ('%s'), and arrays that "
        "structs lead to do not cross in this version: give the integer another name if it is no length",
        field->name, record_words(subject, record), length);
}

static void check_field(const struct coil_subject *subject, struct coil_record *record, struct coil_field *field)
{
    struct coil_type *type;

    coil_annotation_refuse(subject->module, field->annotation, "fields of structs");
    type = innermost(subject, field->type);
    if (!type)
        return;
    if (type->kind == COIL_KIND_RECORD)
        check_record(subject, type->record);
    else if (type->kind == COIL_KIND_POINTER)
        check_pointer_field(subject, record, field, type);
}

static void check_record(const struct coil_subject *subject, struct coil_record *record)
{
    if (!record->is_complete && subject->is_of_lib)
        return;
    if (!record->is_complete)
        COIL_SUBJECT_REFUSE(subject,
                            "%s is a '%s', whose size is not known: declare its fields, or pass a pointer to it",
                            subject->name, coil_type_name(subject->module->arena, record->type));
    for (struct coil_field *f = record->fields; f; f = f->next)
        check_field(subject, record, f);
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

void coil_contents_check_value(const struct coil_subject *subject, struct coil_type *type)
{
    const struct coil_field *field;

    type = coil_type_strip(type);
    if (type->kind != COIL_KIND_RECORD)
        return;
    check_record(subject, type->record);
    field = subject->is_of_lib ? NULL : coil_record_const_field(type->record);
    if (field)
        COIL_SUBJECT_REFUSE(subject, "%s cannot be passed by value, because its field '%s' is const: pass a pointer",
                            subject->name, field->name);
}

/* An array of `char *`, or of pointers to anything that somebody would follow. */
static _Noreturn void refuse_pointers(const struct coil_subject *subject, struct coil_type *pointer)
{
    struct coil_type *item = coil_type_strip(coil_type_strip(pointer)->item);

    if (item->kind == COIL_KIND_PRIMITIVE && item->primitive == COIL_PRIM_CHAR)
        COIL_SUBJECT_REFUSE(subject,
                            "%s leads to strings ('%s'), and arrays of strings do not cross in this version: pass one "
                            "string, or a struct with arrays of char in it, or write [opaque] to pass the bare address",
                            subject->name, coil_type_name(subject->module->arena, pointer));
    COIL_SUBJECT_REFUSE(subject,
                        "%s leads to pointers ('%s'), and of those only void * and pointers to opaque types cross in "
                        "this version: write [opaque] to pass the bare address",
                        subject->name, coil_type_name(subject->module->arena, pointer));
}

void coil_contents_check(const struct coil_subject *subject, struct coil_type *type)
{
    struct coil_type *inner = innermost(subject, type);

    if (!inner)
        return;
    if (inner->kind == COIL_KIND_RECORD)
        check_record(subject, inner->record);
    else if (inner->kind == COIL_KIND_POINTER && !coil_type_is_opaque_pointer(inner) &&
             !coil_subject_is_let_through(subject))
        refuse_pointers(subject, inner);
}
