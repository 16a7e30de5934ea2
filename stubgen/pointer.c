/*
 * Pointers: how much memory each leads to, and who writes it, is known here or the
 * declaration is refused.
 *
 * What annotations say comes first; without them the rules are applied in the order of the table in
 * docs/POINTERS.md.  Memory that would be written is never guessed.  A refusal shows what
 * to write instead.  Called by crossing.c for each parameter that is a pointer.
 */
#include "stubgen/pointer.h"

#include <string.h>

#include "proto/descriptor.h"
#include "stubgen/length.h"

static bool says(const struct coil_decision *d, enum coil_word word)
{
    return coil_marks_say(d->marks, word);
}

_Noreturn void coil_pointer_refuse_function(const struct coil_decision *d)
{
    COIL_SUBJECT_REFUSE(&d->subject,
                        "%s is a pointer to a function, and those do not cross in this version: leave it out, "
                        "or generate with --in-process-only for COIL_MODE=inprocess",
                        d->subject.name);
}

/* ---- what to write ---- */

/* The whole declaration with an annotation at this parameter, as it could have been written. */
static const char *corrected(const struct coil_decision *d, const char *words)
{
    struct coil_arena *arena = d->subject.module->arena;
    struct coil_buffer text = COIL_BUFFER_INIT(arena);

    for (const struct coil_parameter *p = d->signature->type->parameters; p; p = p->next) {
        const char *name = p->name ? p->name : p == d->p ? "p" : p == d->beside.integer ? "n" : "";

        coil_buffer_printf(&text, "%s%s", text.size > 0 ? ", " : "", coil_type_declare(arena, p->type, name));
        if (p == d->p)
            coil_buffer_printf(&text, " /* [%s] */", words);
    }
    return coil_arena_printf(arena, "%s;",
                             coil_type_declare(arena, d->signature->type->item,
                                               coil_arena_printf(arena, "%s(%s)", d->signature->name, text.text)));
}

/* "counted_by(n)", or what counts bytes where there are no elements. */
static const char *count_words(const struct coil_decision *d, const char *length)
{
    struct coil_type *item = coil_type_strip(d->passage->type)->item;

    return coil_arena_printf(d->subject.module->arena, "%s(%s)", coil_type_is_void(item) ? "sized_by" : "counted_by",
                             length);
}

static bool is_char(struct coil_type *type)
{
    type = coil_type_strip(type);
    return type->kind == COIL_KIND_PRIMITIVE && type->primitive == COIL_PRIM_CHAR;
}

/* Row 3: memory that would be written, beside what may be its size. */
static _Noreturn void refuse_beside(const struct coil_decision *d)
{
    struct coil_arena *arena = d->subject.module->arena;
    struct coil_type *item = coil_type_strip(d->passage->type)->item;
    const char *named = d->beside.integer->name;
    const char *count = count_words(d, named ? named : "n");

    COIL_SUBJECT_REFUSE(&d->subject,
                        "%s is a pointer next to an integer that may be its length (%s): say what it is, as in \"%s\", "
                        "or write [in, %s], [out, %s], %s[opaque]%s",
                        d->subject.name, named ? coil_arena_printf(arena, "'%s'", named) : "it has no name",
                        corrected(d, coil_arena_printf(arena, "inout, %s", count)), count, count,
                        is_char(item) ? "[string] or " : "or ",
                        coil_type_is_void(item) || is_char(item) ? "" : "; for one element [inout, counted_by(1)]");
}

/* The last row. */
static _Noreturn void refuse_unknown(const struct coil_decision *d)
{
    struct coil_arena *arena = d->subject.module->arena;
    struct coil_type *item = coil_type_strip(d->passage->type)->item;
    const char *length = coil_infer_some_length(d->signature->type);
    const char *count = count_words(d, length ? length : "n");
    bool is_const = coil_type_is_const(item);
    struct coil_beside beside = d->beside;
    const char *words = is_const ? length ? coil_arena_printf(arena, "in, %s", count) : "in" : "inout";

    if (coil_type_strip(item)->kind == COIL_KIND_POINTER)
        coil_contents_check(&d->subject, item);
    if (beside.integer && is_const)
        words = coil_arena_printf(arena, "in, %s", count_words(d, beside.integer->name ? beside.integer->name : "n"));
    COIL_SUBJECT_REFUSE(&d->subject,
                        "%s is '%s', and nothing says how many elements it leads to%s: say it, as in \"%s\"; there are "
                        "[in]%s for one element, [in, %s]%s for an array, sized_by() for bytes, and [opaque]",
                        d->subject.name, coil_type_name(arena, d->p->type), is_const ? "" : " or who writes them",
                        corrected(d, words), is_const ? "" : ", [out] and [inout]", count,
                        is_const ? "" : coil_arena_printf(arena, ", [out, %s] and [inout, %s]", count, count));
}

/* A direction without a number of elements, beside what may be that number. */
static _Noreturn void refuse_one(const struct coil_decision *d, enum coil_word direction)
{
    const char *length = d->beside.integer->name ? d->beside.integer->name : "n";

    coil_refuse_at(d->subject.module->diagnostics, d->marks->said[direction].position,
                   "[%s] does not say whether %s is one element or as many as '%s' says: write [%s, %s], or [%s, "
                   "counted_by(1)] for one",
                   coil_word_text(direction), d->subject.name, length, coil_word_text(direction),
                   count_words(d, length), coil_word_text(direction));
}

/* ---- directions ---- */

/* The word that says which way, or COIL_WORD_COUNT. */
static enum coil_word direction_of(const struct coil_decision *d)
{
    for (enum coil_word word = COIL_WORD_IN; word <= COIL_WORD_INOUT; word++)
        if (says(d, word))
            return word;
    return COIL_WORD_COUNT;
}

static unsigned block_crossing(const struct coil_decision *d, bool is_const)
{
    switch (direction_of(d)) {
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
    enum coil_word direction = direction_of(d);
    bool has_length = says(d, COIL_WORD_LENGTH);

    if (!coil_type_is_const(item))
        return;
    if (direction == COIL_WORD_OUT || direction == COIL_WORD_INOUT || has_length)
        coil_refuse_at(d->subject.module->diagnostics,
                       d->marks->said[has_length ? COIL_WORD_LENGTH : direction].position,
                       "%s leads to const, so nothing comes back through it: remove 'const', or write 'in' and no "
                       "length()",
                       d->subject.name);
}

static void set_string(const struct coil_decision *d, struct coil_type *item)
{
    d->passage->crossing =
        coil_type_is_const(item) || says(d, COIL_WORD_IN) ? COIL_CROSS_STRING_IN : COIL_CROSS_STRING_INOUT;
}

static void set_block(const struct coil_decision *d, struct coil_type *item)
{
    coil_contents_check(&d->subject, item);
    d->passage->crossing = block_crossing(d, coil_type_is_const(item));
    d->passage->block = item;
}

/* ---- pointers with annotations ---- */

static void decide_string(const struct coil_decision *d, struct coil_type *item)
{
    struct coil_type *bare = coil_type_strip(item);

    if (bare->kind != COIL_KIND_PRIMITIVE ||
        (bare->primitive != COIL_PRIM_CHAR && bare->primitive != COIL_PRIM_SCHAR && bare->primitive != COIL_PRIM_UCHAR))
        coil_refuse_at(d->subject.module->diagnostics, d->marks->said[COIL_WORD_STRING].position,
                       "%s is '%s', and a string is a pointer to char", d->subject.name,
                       coil_type_name(d->subject.module->arena, d->p->type));
    set_string(d, item);
}

/* counted_by() and sized_by() */
static void decide_counted(const struct coil_decision *d, struct coil_type *item)
{
    struct coil_diagnostics *diagnostics = d->subject.module->diagnostics;
    bool is_sized = says(d, COIL_WORD_SIZED_BY);
    const struct coil_mark *mark = &d->marks->said[is_sized ? COIL_WORD_SIZED_BY : COIL_WORD_COUNTED_BY];

    if (!is_sized && coil_type_is_void(item))
        coil_refuse_at(diagnostics, mark->position,
                       "counted_by() counts elements, and void has no size: write sized_by(%s), which counts bytes",
                       mark->text);
    if (coil_type_is_opaque_record(item))
        coil_refuse_at(diagnostics, mark->position, "%s leads to '%s', whose fields are not declared: write [opaque]",
                       d->subject.name, coil_type_name(d->subject.module->arena, coil_type_unqualified(item)));
    if (coil_type_is_void(item))
        d->passage->crossing = block_crossing(d, coil_type_is_const(item));
    else
        set_block(d, item);
    d->passage->is_sized = is_sized;
}

/* in, out or inout, and nothing else. */
static void decide_directed(const struct coil_decision *d, struct coil_type *item, bool is_length_elsewhere)
{
    struct coil_diagnostics *diagnostics = d->subject.module->diagnostics;
    enum coil_word direction = direction_of(d);
    struct coil_position position = d->marks->said[direction].position;
    const char *word = coil_word_text(direction);

    if (coil_type_is_void(item))
        coil_refuse_at(diagnostics, position,
                       "[%s] does not say how many bytes %s leads to: write [%s, sized_by(%s)], or [opaque]", word,
                       d->subject.name, word,
                       d->beside.integer && d->beside.integer->name ? d->beside.integer->name : "n");
    if (coil_type_is_opaque_record(item))
        coil_refuse_at(diagnostics, position, "%s leads to '%s', whose fields are not declared: write [opaque]",
                       d->subject.name, coil_type_name(d->subject.module->arena, coil_type_unqualified(item)));
    if (d->beside.integer && !is_length_elsewhere && (d->beside.is_after || is_char(item))) {
        if (!coil_subject_is_let_through(&d->subject))
            refuse_one(d, direction);
        return;
    }
    if (is_char(item) && direction == COIL_WORD_OUT)
        coil_refuse_at(diagnostics, position,
                       "[out] does not say how much room %s has: write [out, sized_by(n)] with the room there is, or "
                       "[out, counted_by(1)] for one char",
                       d->subject.name);
    if (is_char(item))
        set_string(d, item);
    else
        set_block(d, item);
}

/* ---- pointers without ---- */

static void note_inferred(const struct coil_decision *d, const char *words)
{
    if (d->subject.is_of_lib)
        return;
    coil_note_at(d->subject.module->diagnostics, d->subject.position,
                 "%s is taken as [%s], because '%s' is beside it: write /* [%s] */ behind it to say the "
                 "same, or another "
                 "annotation if that is wrong",
                 d->subject.name, words, d->beside.integer->name, words);
}

/* Row 4: what is only read, beside what is clearly its length. */
static void decide_inferred(const struct coil_decision *d, struct coil_type *item)
{
    const char *length = d->beside.integer->name;

    d->passage->count = coil_length_of_parameter(d->subject.module, d->signature->type, length);
    if (coil_type_is_void(item)) {
        d->passage->crossing = COIL_CROSS_BLOCK_IN;
        d->passage->is_sized = true;
    } else {
        set_block(d, item);
    }
    note_inferred(d, coil_arena_printf(d->subject.module->arena, "in, %s", count_words(d, length)));
}

static void decide_unmarked(const struct coil_decision *d, struct coil_type *item)
{
    struct coil_type *bare = coil_type_strip(item);
    bool is_const = coil_type_is_const(item);

    if (coil_type_is_opaque_record(item))
        return;
    if (!is_const && d->beside.integer) {
        if (!coil_subject_is_let_through(&d->subject))
            refuse_beside(d);
    } else if (is_const && d->beside.is_clear) {
        decide_inferred(d, item);
    } else if (is_char(item)) {
        set_string(d, item);
    } else if (bare->kind == COIL_KIND_RECORD) {
        set_block(d, item);
    } else if (!coil_type_is_void(item) && !coil_subject_is_let_through(&d->subject)) {
        refuse_unknown(d);
    }
}

void coil_pointer_decide(struct coil_decision *d, bool is_length_elsewhere)
{
    struct coil_type *item = coil_type_strip(d->passage->type)->item;

    if (coil_type_strip(item)->kind == COIL_KIND_FUNCTION) {
        if (!coil_subject_is_let_through(&d->subject))
            coil_pointer_refuse_function(d);
        return;
    }
    check_const(d, item);
    if (says(d, COIL_WORD_OPAQUE))
        return;
    if (says(d, COIL_WORD_STRING))
        decide_string(d, item);
    else if (says(d, COIL_WORD_COUNTED_BY) || says(d, COIL_WORD_SIZED_BY))
        decide_counted(d, item);
    else if (direction_of(d) != COIL_WORD_COUNT &&
             !(coil_type_is_const(item) && d->beside.is_clear && !is_length_elsewhere))
        decide_directed(d, item, is_length_elsewhere);
    else
        decide_unmarked(d, item);
}

void coil_pointer_decide_array(const struct coil_decision *d, struct coil_type *array)
{
    enum coil_word word = says(d, COIL_WORD_SIZED_BY) ? COIL_WORD_SIZED_BY : COIL_WORD_COUNTED_BY;
    bool is_const = coil_type_is_const(d->p->type);

    if (says(d, word))
        coil_refuse_at(d->subject.module->diagnostics, d->marks->said[word].position,
                       "the type of %s says already how long it is: remove %s(), or write %s", d->subject.name,
                       coil_word_text(word),
                       coil_type_declare(d->subject.module->arena, d->passage->type, d->p->name ? d->p->name : ""));
    check_const(d, coil_type_strip(d->passage->type)->item);
    if (says(d, COIL_WORD_OPAQUE))
        return;
    if (says(d, COIL_WORD_STRING)) {
        decide_string(d, array->item);
        return;
    }
    coil_contents_check(&d->subject, array);
    d->passage->crossing = block_crossing(d, is_const);
    d->passage->block = array;
}
