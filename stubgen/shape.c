/*
 * Shapes.
 *
 * Each struct has one, whatever leads to it, so that lists and trees are described once and lead to themselves.
 * It is decided field by field, with the rules for parameters: strictly if a function that Python implements
 * leads to it, so those are looked at first.  What lies in place is decided at once, because only then is it
 * known whether there is anything to follow; what a pointer leads to waits for its turn.  Pointers that
 * are elements of arrays are shapes of one value.  Called by decide.c and pointer.c; all memory is the arena's.
 */
#include "stubgen/shape.h"

#include <string.h>

#include "proto/descriptor.h"
#include "stubgen/callback.h"

/* Whatever lies in an array, in its items if it is one of arrays; NULL if that has no end. */
static struct coil_type *innermost(struct coil_type *type)
{
    for (type = coil_type_strip(type); type->kind == COIL_KIND_ARRAY; type = coil_type_strip(type->item))
        if (type->length_kind == COIL_LENGTH_OPEN)
            return NULL;
    return type;
}

/* Whether its size is not all there is: it ends in an array of open length. */
static bool is_open(struct coil_type *type)
{
    type = innermost(type);
    if (!type)
        return true;
    if (type->kind == COIL_KIND_RECORD)
        for (const struct coil_field *f = type->record->fields; f; f = f->next)
            if (is_open(f->type))
                return true;
    return false;
}

/* ---- structs ---- */

static bool has_row(const struct coil_group *group, size_t index)
{
    const struct coil_member *member = &group->members[index];
    const struct coil_passage *passage = member->passage;

    return passage->crossing != COIL_CROSS_VALUE || (passage->shape && passage->shape->is_needed) ||
           (coil_member_is_pointer(member) && !member->is_in_union) || coil_group_uses(group, group->count, index);
}

/* Keeps the fields that are followed, other pointers, and what lengths are made of. */
static void keep_rows(struct coil_module_model *module, struct coil_shape *shape, const struct coil_group *group)
{
    shape->passages = coil_arena_take(module->arena, (group->count + 1) * sizeof *shape->passages);
    for (size_t i = 0; i < group->count; i++) {
        struct coil_passage *passage = group->members[i].passage;

        shape->is_local |=
            passage->is_local || (passage->crossing == COIL_CROSS_VALUE && passage->shape && passage->shape->is_local);
        if (!has_row(group, i))
            continue;
        passage->number = (unsigned)shape->passage_count;
        shape->passages[shape->passage_count++] = *passage;
    }
    for (size_t i = 0; i < shape->passage_count; i++)
        shape->is_needed |= shape->passages[i].crossing != COIL_CROSS_VALUE || shape->passages[i].shape;
    shape->is_finished = true;
}

static void decide_fields(struct coil_module_model *module, struct coil_record *record, bool is_lenient)
{
    struct coil_group group = coil_group_of_fields(module, record);

    coil_group_read(module, &group);
    for (size_t i = 0; i < group.count; i++) {
        struct coil_decision d = {
            .subject = { .module = module, .position = group.members[i].position, .is_lenient = is_lenient },
            .group = &group,
            .index = i,
        };

        d.subject.name = coil_arena_printf(module->arena, "field '%s' of %s", group.members[i].name,
                                           coil_record_words(module->arena, record));
        if (group.members[i].field->bits < 0)
            coil_decide_member(&d);
    }
    keep_rows(module, record->shape, &group);
}

/* It may not have been decided yet. */
static struct coil_shape *record_shape(struct coil_module_model *module, struct coil_record *record)
{
    if (!record->shape) {
        record->shape = coil_arena_take(module->arena, sizeof *record->shape);
        record->shape->record = record;
        coil_list_add(&module->undecided_records, module->arena, record);
    }
    return record->shape;
}

static void decide_record(struct coil_module_model *module, struct coil_record *record, bool is_lenient)
{
    struct coil_shape *shape = record_shape(module, record);

    if (shape->is_decided)
        return;
    shape->is_decided = true;
    decide_fields(module, record, is_lenient);
}

void coil_shape_queue(struct coil_module_model *module, struct coil_record *record)
{
    (void)record_shape(module, record);
}

void coil_shape_decide(struct coil_module_model *module, bool is_lenient)
{
    struct coil_list *undecided = &module->undecided_records;

    for (size_t i = 0; i < undecided->count; i++)
        decide_record(module, undecided->items[i], is_lenient);
    undecided->count = 0;
}

/* ---- arrays of pointers ---- */

/* What each pointer in an array leads to; VALUE: nobody follows it. */
static bool decide_element(const struct coil_subject *subject, struct coil_passage *passage, bool is_string, bool is_in)
{
    struct coil_type *item = coil_type_strip(passage->type)->item;
    bool is_read = is_in || coil_type_is_const(item);

    if (coil_type_is_function_pointer(passage->type)) {
        passage->crossing = COIL_CROSS_FUNCTION;
        passage->signature = coil_callback_of(subject->module, passage->type, NULL, subject->position);
    } else if (is_string || coil_type_is_char(item)) {
        passage->crossing = is_read ? COIL_CROSS_STRING_IN : COIL_CROSS_STRING_INOUT;
    } else if (coil_type_strip(item)->kind == COIL_KIND_RECORD) {
        passage->shape = coil_shape_behind(subject, item, false, is_in);
        passage->crossing = is_read ? COIL_CROSS_BLOCK_IN : COIL_CROSS_BLOCK_INOUT;
        passage->block = item;
        return !*subject->is_let_through;
    } else if (!coil_subject_is_let_through(subject)) {
        COIL_SUBJECT_REFUSE(subject,
                            "%s leads to pointers ('%s'), and nothing says how much memory each of them leads to: "
                            "put each into a struct with its length, or write [opaque] to pass the bare address",
                            subject->name, coil_type_name(subject->module->arena, passage->type));
    } else {
        return false;
    }
    return true;
}

static struct coil_shape *element_shape(const struct coil_subject *subject, struct coil_type *pointer, bool is_string,
                                        bool is_in)
{
    struct coil_module_model *module = subject->module;
    struct coil_passage passage = { .type = pointer, .crossing = COIL_CROSS_VALUE };
    struct coil_shape *shape;
    const char *key;

    if (!decide_element(subject, &passage, is_string, is_in))
        return NULL;
    key = coil_arena_printf(module->arena, "%u %s", passage.crossing, coil_type_name(module->arena, pointer));
    shape = coil_table_get(&module->elements, key);
    if (shape)
        return shape;
    shape = coil_arena_take(module->arena, sizeof *shape);
    shape->element = pointer;
    shape->passages = coil_arena_take(module->arena, sizeof *shape->passages);
    shape->passages[0] = passage;
    shape->passage_count = 1;
    shape->is_decided = shape->is_finished = shape->is_needed = true;
    coil_table_put(&module->elements, module->arena, key, shape);
    return shape;
}

/* ---- both ---- */

struct coil_shape *coil_shape_in_place(const struct coil_subject *subject, struct coil_type *type, bool is_string,
                                       bool is_in)
{
    for (type = coil_type_strip(type); type->kind == COIL_KIND_ARRAY;)
        type = coil_type_strip(type->item);
    if (type->kind == COIL_KIND_POINTER)
        return coil_type_is_opaque_pointer(type) && !is_string ? NULL : element_shape(subject, type, is_string, is_in);
    if (type->kind != COIL_KIND_RECORD || !type->record->is_complete)
        return NULL;
    decide_record(subject->module, type->record, subject->is_lenient);
    return type->record->shape;
}

/* Whether so much of it is there as its type says. */
static bool has_size(const struct coil_subject *subject, struct coil_type *type)
{
    struct coil_type *inner = innermost(type);

    if (!is_open(type) && !coil_type_is_opaque_record(inner))
        return true;
    if (coil_subject_is_let_through(subject))
        return false;
    if (is_open(type))
        COIL_SUBJECT_REFUSE(subject,
                            "%s ends in an array of open length, whose size is not known: say how many bytes there "
                            "are with sized_by(), behind a pointer",
                            subject->name);
    COIL_SUBJECT_REFUSE(subject, "%s is a '%s', whose size is not known: declare its fields, or pass a pointer to it",
                        subject->name, coil_type_name(subject->module->arena, inner));
}

struct coil_shape *coil_shape_of_value(const struct coil_subject *subject, struct coil_type *type, bool is_string,
                                       bool is_in)
{
    return has_size(subject, type) ? coil_shape_in_place(subject, type, is_string, is_in) : NULL;
}

struct coil_shape *coil_shape_behind(const struct coil_subject *subject, struct coil_type *type, bool is_string,
                                     bool is_in)
{
    struct coil_type *inner;

    if (!has_size(subject, type))
        return NULL;
    inner = innermost(type);
    return inner->kind == COIL_KIND_RECORD ? record_shape(subject->module, inner->record)
                                           : coil_shape_in_place(subject, inner, is_string, is_in);
}
