/*
 * Deciding how values cross: what each is, and which rules are its.
 *
 * Parameters, fields, results and variables follow the same rules; pointers are pointer.c's, what they lead to is
 * shape.c's.  What Python does not implement is decided leniently: what is not clear is no error there.
 * Called by crossing.c and shape.c.
 */
#include "stubgen/decision.h"

#include "proto/descriptor.h"
#include "stubgen/callback.h"
#include "stubgen/pointer.h"
#include "stubgen/shape.h"

bool coil_subject_is_let_through(const struct coil_subject *subject)
{
    bool is_let_through = subject->is_lenient || subject->module->is_in_process_only;

    if (is_let_through)
        *subject->is_let_through = true;
    return is_let_through;
}

_Noreturn void coil_decision_refuse(const struct coil_decision *d, enum coil_word word, const char *format, ...)
{
    va_list arguments;
    char *sentence;

    va_start(arguments, format);
    sentence = coil_arena_vprintf(d->subject.module->arena, format, arguments);
    va_end(arguments);
    coil_refuse_at(d->subject.module->diagnostics, d->m->marks.said[word].position, "%s", sentence);
}

static bool says(const struct coil_decision *d, enum coil_word word)
{
    return coil_decision_says(d, word);
}

enum coil_word coil_decision_direction(const struct coil_decision *d)
{
    for (enum coil_word word = COIL_WORD_IN; word <= COIL_WORD_INOUT; word++)
        if (says(d, word))
            return word;
    return COIL_WORD_COUNT;
}

/* Its type says how long an array is. */
static void refuse_length(const struct coil_decision *d, struct coil_type *pointer)
{
    struct coil_arena *arena = d->subject.module->arena;
    enum coil_word word = says(d, COIL_WORD_SIZED_BY) ? COIL_WORD_SIZED_BY : COIL_WORD_COUNTED_BY;

    if (!says(d, word))
        return;
    coil_decision_refuse(d, word, "the type of %s says already how long it is: remove %s(), or write %s",
                         d->subject.name, coil_word_text(word),
                         coil_type_declare(arena, pointer, d->m->name ? d->m->name : ""));
}

/* An array as a parameter: a pointer to so many. */
static void decide_array(const struct coil_decision *d, struct coil_type *array)
{
    struct coil_type *pointer = d->m->passage->type;
    struct coil_type *bare = coil_type_strip(array->item);

    refuse_length(d, pointer);
    coil_pointer_check_const(d, coil_type_strip(pointer)->item);
    if (says(d, COIL_WORD_OPAQUE))
        return;
    if (says(d, COIL_WORD_STRING) && bare->kind != COIL_KIND_POINTER) {
        coil_pointer_decide_string(d, array->item);
        return;
    }
    coil_pointer_set_block(d, array, coil_type_is_const(d->m->type));
}

/* A struct by value, or within another one; an array within a struct; a variable of such a type. */
static void decide_in_place(const struct coil_decision *d, struct coil_type *type)
{
    struct coil_arena *arena = d->subject.module->arena;
    const struct coil_field *field = type->kind == COIL_KIND_RECORD ? coil_record_const_field(type->record) : NULL;

    if (type->kind == COIL_KIND_ARRAY)
        refuse_length(d, coil_type_new(arena, COIL_KIND_POINTER, type->item));
    if (says(d, COIL_WORD_OUT))
        coil_decision_refuse(d, COIL_WORD_OUT,
                             "%s is an array of pointers: they are there before the call, write "
                             "[in], [inout] or nothing",
                             d->subject.name);
    if (says(d, COIL_WORD_OPAQUE))
        return;
    d->m->passage->shape = (d->m->field ? coil_shape_in_place : coil_shape_of_value)(
        &d->subject, type, says(d, COIL_WORD_STRING), coil_decision_direction(d) == COIL_WORD_IN);
    if (field && d->m->is_parameter && !d->subject.is_lenient)
        COIL_SUBJECT_REFUSE(&d->subject,
                            "%s cannot be passed by value, because its field '%s' is const: pass a pointer",
                            d->subject.name, field->name);
}

/* Which member of a union is in use nobody knows, so nothing in it is followed. */
static void decide_in_union(const struct coil_decision *d, struct coil_type *type)
{
    bool is_pointer = type->kind == COIL_KIND_POINTER;
    bool is_let_through = false;
    struct coil_subject quiet = d->subject;
    struct coil_shape *shape;

    for (enum coil_word word = COIL_WORD_IN; word < COIL_WORD_OPAQUE; word++)
        if (says(d, word))
            coil_decision_refuse(d, word,
                                 "%s is in a union, and nobody knows which member is in use: write "
                                 "[opaque] to pass the bare address",
                                 d->subject.name);
    if (says(d, COIL_WORD_OPAQUE) || coil_type_is_opaque_pointer(type))
        return;
    quiet.is_lenient = true;
    quiet.is_let_through = &is_let_through;
    shape = is_pointer ? NULL : coil_shape_in_place(&quiet, type, false, false);
    if (!is_pointer && !is_let_through && !(shape && shape->is_needed))
        return;
    if (!coil_subject_is_let_through(&d->subject))
        COIL_SUBJECT_REFUSE(&d->subject,
                            "%s is in a union and %s, and nobody knows which member is in use: write /* [opaque] */ "
                            "behind it to pass bare addresses",
                            d->subject.name, is_pointer ? "a pointer" : "contains pointers");
}

/* ---- everything ---- */

static void decide_function(const struct coil_decision *d)
{
    struct coil_passage *passage = d->m->passage;

    passage->crossing = COIL_CROSS_FUNCTION;
    passage->signature = coil_callback_of(d->subject.module, d->m->type, d->m->annotation, d->m->position);
}

/* What was let through is the bare address in-process; elsewhere it raises when it is used. */
static void set_let_through(const struct coil_decision *d)
{
    struct coil_passage *passage = d->m->passage;
    bool is_unsaid =
        d->subject.is_lenient && !d->m->is_in_union && coil_type_strip(passage->type)->kind == COIL_KIND_POINTER;

    passage->crossing = is_unsaid ? COIL_CROSS_UNSAID : COIL_CROSS_VALUE;
    passage->block = NULL;
    passage->shape = NULL;
    passage->count = passage->length = NULL;
    passage->is_sized = passage->is_to_null = false;
    passage->is_local = !d->subject.is_lenient;
}

static void decide(struct coil_decision decision, bool is_length_elsewhere)
{
    struct coil_decision *d = &decision;
    struct coil_type *type = coil_type_strip(d->m->type);
    bool is_let_through = false;

    d->subject.is_let_through = &is_let_through;
    if (d->m->is_in_union)
        decide_in_union(d, type);
    else if (d->subject.is_lenient && d->signature && d->signature->name && coil_type_is_file(type))
        d->m->passage->crossing = COIL_CROSS_FILE;
    else if (coil_type_is_function_pointer(type))
        decide_function(d);
    else if (type->kind == COIL_KIND_POINTER ||
             (d->m->is_parameter && type->kind == COIL_KIND_ARRAY && type->length_kind == COIL_LENGTH_OPEN))
        coil_pointer_decide(d, is_length_elsewhere);
    else if (d->m->is_parameter && type->kind == COIL_KIND_ARRAY)
        decide_array(d, type);
    else if (type->kind == COIL_KIND_ARRAY || type->kind == COIL_KIND_RECORD)
        decide_in_place(d, type);
    if (is_let_through)
        set_let_through(d);
}

void coil_decide_member(struct coil_decision *d)
{
    size_t integer;

    d->m = &d->group->members[d->index];
    if (coil_member_is_pointer(d->m) && !d->m->is_in_union)
        d->beside = coil_infer_length(d->group, d->index);
    if (!d->beside.integer) {
        decide(*d, false);
        return;
    }
    integer = (size_t)(d->beside.integer - d->group->members);
    decide(*d, coil_group_uses(d->group, d->index, integer) || coil_group_uses(d->group, d->index, d->index));
}

void coil_decide_alone(struct coil_decision *d)
{
    decide(*d, false);
}
