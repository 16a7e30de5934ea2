/*
 * Pointers: how much memory each leads to, and who writes it, is known here or the
 * declaration is refused.
 *
 * What annotations say comes first; without them the rules are applied in the order of the table in
 * docs/POINTERS.md.  Memory that would be written is never guessed.  Called by decide.c for parameters, fields,
 * results and variables alike.
 */
#include "stubgen/pointer.h"

#include "proto/descriptor.h"
#include "stubgen/length.h"
#include "stubgen/shape.h"

static bool says(const struct coil_decision *d, enum coil_word word)
{
    return coil_decision_says(d, word);
}

/* ---- directions ---- */

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
void coil_pointer_check_const(const struct coil_decision *d, struct coil_type *item)
{
    enum coil_word direction = coil_decision_direction(d);
    bool has_length = says(d, COIL_WORD_LENGTH);

    if (!coil_type_is_const(item))
        return;
    if (direction == COIL_WORD_OUT || direction == COIL_WORD_INOUT || has_length)
        coil_decision_refuse(d, has_length ? COIL_WORD_LENGTH : direction,
                             "%s leads to const, so nothing comes back through it: remove 'const', or "
                             "write 'in' and no length()",
                             d->subject.name);
}

static void set_string(const struct coil_decision *d, struct coil_type *item)
{
    d->m->passage->crossing =
        coil_type_is_const(item) || says(d, COIL_WORD_IN) ? COIL_CROSS_STRING_IN : COIL_CROSS_STRING_INOUT;
}

void coil_pointer_set_block(const struct coil_decision *d, struct coil_type *block, bool is_const)
{
    struct coil_passage *passage = d->m->passage;

    passage->shape =
        coil_shape_behind(&d->subject, block, says(d, COIL_WORD_STRING), coil_decision_direction(d) == COIL_WORD_IN);
    passage->crossing = block_crossing(d, is_const);
    passage->block = block;
}

static void set_block(const struct coil_decision *d, struct coil_type *item)
{
    coil_pointer_set_block(d, item, coil_type_is_const(item));
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

void coil_pointer_decide_string(const struct coil_decision *d, struct coil_type *item)
{
    static const enum coil_word counted[] = { COIL_WORD_COUNTED_BY, COIL_WORD_SIZED_BY, COIL_WORD_COUNT };
    static const enum coil_word out[] = { COIL_WORD_OUT, COIL_WORD_COUNT };
    struct coil_type *bare = coil_type_strip(item);

    if (bare->kind == COIL_KIND_POINTER && is_byte(bare->item)) {
        decide_strings(d, item);
        return;
    }
    if (!is_byte(bare))
        coil_decision_refuse(d, COIL_WORD_STRING, "%s is '%s', and a string is a pointer to char", d->subject.name,
                             coil_type_name(d->subject.module->arena, d->m->type));
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
        coil_decision_refuse(d, word, "%s leads to '%s', whose fields are not declared: write [opaque]",
                             d->subject.name, coil_type_name(arena, coil_type_unqualified(item)));
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
        coil_decision_refuse(d, COIL_WORD_SIZED_BY,
                             "%s leads to '%s', in which pointers are followed: write counted_by() with "
                             "the number of elements",
                             d->subject.name, coil_type_name(d->subject.module->arena, coil_type_unqualified(item)));
    if (!is_void)
        passage->block = item;
}

/* counted_by() and sized_by() */
static void decide_counted(const struct coil_decision *d, struct coil_type *item)
{
    enum coil_word word = says(d, COIL_WORD_SIZED_BY) ? COIL_WORD_SIZED_BY : COIL_WORD_COUNTED_BY;

    if (word == COIL_WORD_COUNTED_BY && coil_type_is_void(item))
        coil_decision_refuse(d, word,
                             "counted_by() counts elements, and void has no size: write sized_by(%s), "
                             "which counts bytes",
                             d->m->marks.said[word].text);
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
        coil_decision_refuse(d, direction,
                             "[%s] does not say how many bytes %s leads to: write [%s, sized_by(%s)], or "
                             "[opaque]",
                             word, d->subject.name, word,
                             d->beside.integer && d->beside.integer->name ? d->beside.integer->name : "n");
    refuse_opaque(d, item, direction);
    if (d->beside.integer && !is_length_elsewhere && (d->beside.is_after || coil_type_is_char(item))) {
        if (!coil_subject_is_let_through(&d->subject))
            coil_advise_one(d, direction);
        return;
    }
    if (coil_type_is_char(item) && direction == COIL_WORD_OUT)
        coil_decision_refuse(d, direction,
                             "[out] does not say how much room %s has: write [out, sized_by(n)] with the "
                             "room there is, or [out, counted_by(1)] for one char",
                             d->subject.name);
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

void coil_pointer_decide(const struct coil_decision *d, bool is_length_elsewhere)
{
    struct coil_type *item = coil_type_strip(d->m->passage->type)->item;

    coil_pointer_check_const(d, item);
    if (says(d, COIL_WORD_OPAQUE))
        return;
    if (says(d, COIL_WORD_STRING))
        coil_pointer_decide_string(d, item);
    else if (says(d, COIL_WORD_COUNTED_BY) || says(d, COIL_WORD_SIZED_BY))
        decide_counted(d, item);
    else if (coil_decision_direction(d) != COIL_WORD_COUNT &&
             !(coil_type_is_const(item) && d->beside.is_clear && !is_length_elsewhere))
        decide_directed(d, item, is_length_elsewhere);
    else
        decide_unmarked(d, item);
}
