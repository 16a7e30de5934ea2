/*
 * Pointers: how much memory each leads to, and who writes it, is known here or the
 * declaration is refused.
 *
 * What annotations say comes first; without them the rules are applied in the order of the table in
 * docs/POINTERS.md.  Memory that would be written is never guessed.  Parameters, fields, results and variables
 * follow the same rules; those that Python does not implement are decided leniently: what is not clear is
 * no error there.  Called by crossing.c, callback.c and shape.c.
 */
#include "stubgen/pointer.h"

#include "proto/descriptor.h"
#include "stubgen/callback.h"
#include "stubgen/length.h"
#include "stubgen/shape.h"

bool coil_subject_is_let_through(const struct coil_subject *subject)
{
    bool is_let_through = subject->is_lenient || subject->module->is_in_process_only;

    if (is_let_through)
        *subject->is_let_through = true;
    return is_let_through;
}

static bool says(const struct coil_decision *d, enum coil_word word)
{
    return coil_decision_says(d, word);
}

static _Noreturn void refuse_at_word(const struct coil_decision *d, enum coil_word word, const char *sentence)
{
    coil_refuse_at(d->subject.module->diagnostics, d->m->marks.said[word].position, "%s", sentence);
}

/* ---- directions ---- */

enum coil_word coil_decision_direction(const struct coil_decision *d)
{
    for (enum coil_word word = COIL_WORD_IN; word <= COIL_WORD_INOUT; word++)
        if (says(d, word))
            return word;
    return COIL_WORD_COUNT;
}

static unsigned block_crossing(const struct coil_decision *d, bool is_const)
{
    switch (coil_decision_direction(d)) {
    case COIL_WORD_IN:
        return COIL_CROSS_BLOCK_IN;
    case COIL_WORD_OUT:
        return COIL_CROSS_BLOCK_OUT;
    case COIL_WORD_INOUT:
        return COIL_CROSS_BLOCK_INOUT;
    default:
        return is_const ? COIL_CROSS_BLOCK_IN : COIL_CROSS_BLOCK_INOUT;
    }
}

/* What is const is not written. */
static void check_const(const struct coil_decision *d, struct coil_type *item)
{
    enum coil_word direction = coil_decision_direction(d);
    bool has_length = says(d, COIL_WORD_LENGTH);

    if (!coil_type_is_const(item))
        return;
    if (direction == COIL_WORD_OUT || direction == COIL_WORD_INOUT || has_length)
        refuse_at_word(d, has_length ? COIL_WORD_LENGTH : direction,
                       coil_arena_printf(d->subject.module->arena,
                                         "%s leads to const, so nothing comes back through it: remove 'const', or "
                                         "write 'in' and no length()",
                                         d->subject.name));
}

static void set_string(const struct coil_decision *d, struct coil_type *item)
{
    d->m->passage->crossing =
        coil_type_is_const(item) || says(d, COIL_WORD_IN) ? COIL_CROSS_STRING_IN : COIL_CROSS_STRING_INOUT;
}

static void set_block(const struct coil_decision *d, struct coil_type *item)
{
    struct coil_passage *passage = d->m->passage;

    passage->shape =
        coil_shape_behind(&d->subject, item, says(d, COIL_WORD_STRING), coil_decision_direction(d) == COIL_WORD_IN);
    passage->crossing = block_crossing(d, coil_type_is_const(item));
    passage->block = item;
}

/* ---- pointers with annotations ---- */

/* char, of any sign */
static bool is_byte(struct coil_type *type)
{
    type = coil_type_strip(type);
    return type->kind == COIL_KIND_PRIMITIVE &&
           (type->primitive == COIL_PRIM_CHAR || type->primitive == COIL_PRIM_SCHAR ||
            type->primitive == COIL_PRIM_UCHAR);
}

/* `others` ends with COIL_WORD_COUNT. */
static void refuse_contradictions(const struct coil_decision *d, const enum coil_word *others, const char *advice)
{
    for (; *others != COIL_WORD_COUNT; others++)
        if (says(d, *others))
            coil_annotation_contradict(d->subject.module, &d->m->marks, COIL_WORD_STRING, *others, advice);
}

/* [string] at a pointer to pointers to char: an array of strings, counted or up to a NULL. */
static void decide_strings(const struct coil_decision *d, struct coil_type *item)
{
    static const enum coil_word sized[] = { COIL_WORD_SIZED_BY, COIL_WORD_COUNT };
    static const enum coil_word out[] = { COIL_WORD_OUT, COIL_WORD_COUNT };

    refuse_contradictions(d, sized, "an array of strings is counted: write counted_by()");
    if (!says(d, COIL_WORD_COUNTED_BY)) {
        refuse_contradictions(d, out, "nobody knows where the NULL will be: write [out, string, counted_by(n)]");
        d->m->passage->is_to_null = true;
    }
    set_block(d, item);
}

static void decide_string(const struct coil_decision *d, struct coil_type *item)
{
    static const enum coil_word counted[] = { COIL_WORD_COUNTED_BY, COIL_WORD_SIZED_BY, COIL_WORD_COUNT };
    static const enum coil_word out[] = { COIL_WORD_OUT, COIL_WORD_COUNT };
    struct coil_type *bare = coil_type_strip(item);

    if (bare->kind == COIL_KIND_POINTER && is_byte(bare->item)) {
        decide_strings(d, item);
        return;
    }
    if (!is_byte(bare))
        refuse_at_word(d, COIL_WORD_STRING,
                       coil_arena_printf(d->subject.module->arena, "%s is '%s', and a string is a pointer to char",
                                         d->subject.name, coil_type_name(d->subject.module->arena, d->m->type)));
    refuse_contradictions(d, counted, "a string is as long as its NUL says; an array is counted");
    refuse_contradictions(d, out,
                          "nobody knows the size of a string before it is written; write [out, sized_by(n)] with the "
                          "room there is");
    set_string(d, item);
}

static void refuse_opaque(const struct coil_decision *d, struct coil_type *item, enum coil_word word)
{
    struct coil_arena *arena = d->subject.module->arena;

    if (coil_type_is_opaque_record(item))
        refuse_at_word(d, word,
                       coil_arena_printf(arena, "%s leads to '%s', whose fields are not declared: write [opaque]",
                                         d->subject.name, coil_type_name(arena, coil_type_unqualified(item))));
}

/* sized_by(): a struct that ends in an array of open length may have it, because its size is given. */
static void decide_sized(const struct coil_decision *d, struct coil_type *item)
{
    struct coil_passage *passage = d->m->passage;
    bool is_void = coil_type_is_void(item);
    const struct coil_shape *shape;

    passage->crossing = block_crossing(d, coil_type_is_const(item));
    passage->is_sized = true;
    shape = is_void ? NULL : coil_shape_in_place(&d->subject, item, false, false);
    if (shape && (shape->is_needed || !shape->is_finished))
        refuse_at_word(d, COIL_WORD_SIZED_BY,
                       coil_arena_printf(d->subject.module->arena,
                                         "%s leads to '%s', in which pointers are followed: write counted_by() with "
                                         "the number of elements",
                                         d->subject.name,
                                         coil_type_name(d->subject.module->arena, coil_type_unqualified(item))));
    if (!is_void)
        passage->block = item;
}

/* counted_by() and sized_by() */
static void decide_counted(const struct coil_decision *d, struct coil_type *item)
{
    enum coil_word word = says(d, COIL_WORD_SIZED_BY) ? COIL_WORD_SIZED_BY : COIL_WORD_COUNTED_BY;

    if (word == COIL_WORD_COUNTED_BY && coil_type_is_void(item))
        refuse_at_word(d, word,
                       coil_arena_printf(d->subject.module->arena,
                                         "counted_by() counts elements, and void has no size: write sized_by(%s), "
                                         "which counts bytes",
                                         d->m->marks.said[word].text));
    refuse_opaque(d, item, word);
    if (word == COIL_WORD_SIZED_BY)
        decide_sized(d, item);
    else
        set_block(d, item);
}

/* in, out or inout, and nothing else. */
static void decide_directed(const struct coil_decision *d, struct coil_type *item, bool is_length_elsewhere)
{
    enum coil_word direction = coil_decision_direction(d);
    const char *word = coil_word_text(direction);

    if (coil_type_is_void(item))
        refuse_at_word(d, direction,
                       coil_arena_printf(d->subject.module->arena,
                                         "[%s] does not say how many bytes %s leads to: write [%s, sized_by(%s)], or "
                                         "[opaque]",
                                         word, d->subject.name, word,
                                         d->beside.integer && d->beside.integer->name ? d->beside.integer->name : "n"));
    refuse_opaque(d, item, direction);
    if (d->beside.integer && !is_length_elsewhere && (d->beside.is_after || coil_type_is_char(item))) {
        if (!coil_subject_is_let_through(&d->subject))
            coil_advise_one(d, direction);
        return;
    }
    if (coil_type_is_char(item) && direction == COIL_WORD_OUT)
        refuse_at_word(d, direction,
                       coil_arena_printf(d->subject.module->arena,
                                         "[out] does not say how much room %s has: write [out, sized_by(n)] with the "
                                         "room there is, or [out, counted_by(1)] for one char",
                                         d->subject.name));
    if (coil_type_is_char(item))
        set_string(d, item);
    else
        set_block(d, item);
}

/* ---- pointers without ---- */

/* Row 4: what is only read, beside what is clearly its length. */
static void decide_inferred(const struct coil_decision *d, struct coil_type *item)
{
    struct coil_passage *passage = d->m->passage;

    passage->count = coil_length_of_member(d->subject.module, d->group, d->beside.integer);
    if (coil_type_is_void(item)) {
        passage->crossing = COIL_CROSS_BLOCK_IN;
        passage->is_sized = true;
    } else {
        set_block(d, item);
    }
    coil_advise_note(
        d, coil_arena_printf(d->subject.module->arena, "in, %s", coil_advise_count(d, d->beside.integer->name)));
}

static void decide_unmarked(const struct coil_decision *d, struct coil_type *item)
{
    struct coil_type *bare = coil_type_strip(item);
    bool is_const = coil_type_is_const(item);

    if (coil_type_is_opaque_record(item))
        return;
    if (!is_const && d->beside.integer) {
        if (!coil_subject_is_let_through(&d->subject))
            coil_advise_beside(d);
    } else if (is_const && d->beside.is_clear) {
        decide_inferred(d, item);
    } else if (coil_type_is_char(item)) {
        set_string(d, item);
    } else if (bare->kind == COIL_KIND_RECORD) {
        set_block(d, item);
    } else if (!coil_type_is_void(item) && !coil_subject_is_let_through(&d->subject)) {
        coil_advise_unknown(d);
    }
}

/* `is_length_elsewhere`: another expression has the integer beside it, or what this one leads to. */
static void decide_pointer(const struct coil_decision *d, bool is_length_elsewhere)
{
    struct coil_type *item = coil_type_strip(d->m->passage->type)->item;

    check_const(d, item);
    if (says(d, COIL_WORD_OPAQUE))
        return;
    if (says(d, COIL_WORD_STRING))
        decide_string(d, item);
    else if (says(d, COIL_WORD_COUNTED_BY) || says(d, COIL_WORD_SIZED_BY))
        decide_counted(d, item);
    else if (coil_decision_direction(d) != COIL_WORD_COUNT &&
             !(coil_type_is_const(item) && d->beside.is_clear && !is_length_elsewhere))
        decide_directed(d, item, is_length_elsewhere);
    else
        decide_unmarked(d, item);
}

/* ---- arrays and structs ---- */

/* Its type says how long an array is. */
static void refuse_length(const struct coil_decision *d, struct coil_type *pointer)
{
    struct coil_arena *arena = d->subject.module->arena;
    enum coil_word word = says(d, COIL_WORD_SIZED_BY) ? COIL_WORD_SIZED_BY : COIL_WORD_COUNTED_BY;

    if (!says(d, word))
        return;
    refuse_at_word(d, word,
                   coil_arena_printf(arena, "the type of %s says already how long it is: remove %s(), or write %s",
                                     d->subject.name, coil_word_text(word),
                                     coil_type_declare(arena, pointer, d->m->name ? d->m->name : "")));
}

/* An array as a parameter: a pointer to so many. */
static void decide_array(const struct coil_decision *d, struct coil_type *array)
{
    struct coil_passage *passage = d->m->passage;
    struct coil_type *bare = coil_type_strip(array->item);

    refuse_length(d, passage->type);
    check_const(d, coil_type_strip(passage->type)->item);
    if (says(d, COIL_WORD_OPAQUE))
        return;
    if (says(d, COIL_WORD_STRING) && bare->kind != COIL_KIND_POINTER) {
        decide_string(d, array->item);
        return;
    }
    passage->shape =
        coil_shape_behind(&d->subject, array, says(d, COIL_WORD_STRING), coil_decision_direction(d) == COIL_WORD_IN);
    passage->crossing = block_crossing(d, coil_type_is_const(d->m->type));
    passage->block = array;
}

/* A struct by value, or within another one; an array within a struct; a variable of such a type. */
static void decide_in_place(const struct coil_decision *d, struct coil_type *type)
{
    struct coil_arena *arena = d->subject.module->arena;
    const struct coil_field *field = type->kind == COIL_KIND_RECORD ? coil_record_const_field(type->record) : NULL;

    if (type->kind == COIL_KIND_ARRAY)
        refuse_length(d, coil_type_new(arena, COIL_KIND_POINTER, type->item));
    if (says(d, COIL_WORD_OUT))
        refuse_at_word(d, COIL_WORD_OUT,
                       coil_arena_printf(arena,
                                         "%s is an array of pointers: they are there before the call, write "
                                         "[in], [inout] or nothing",
                                         d->subject.name));
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
            refuse_at_word(d, word,
                           coil_arena_printf(d->subject.module->arena,
                                             "%s is in a union, and nobody knows which member is in use: write "
                                             "[opaque] to pass the bare address",
                                             d->subject.name));
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

    /* This module's C source need not know its types. */
    if (d->m->position.section && d->m->position.section->included) {
        passage->crossing = COIL_CROSS_UNSAID;
        return;
    }
    passage->crossing = COIL_CROSS_FUNCTION;
    passage->signature = coil_callback_of(d->subject.module, d->m->type, d->m->annotation);
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
        decide_pointer(d, is_length_elsewhere);
    else if (d->m->is_parameter && type->kind == COIL_KIND_ARRAY)
        decide_array(d, type);
    else if (type->kind == COIL_KIND_ARRAY || type->kind == COIL_KIND_RECORD)
        decide_in_place(d, type);
    if (is_let_through)
        set_let_through(d);
}

void coil_pointer_decide_member(struct coil_decision *d)
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

void coil_pointer_decide_alone(struct coil_decision *d)
{
    decide(*d, false);
}
