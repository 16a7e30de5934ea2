/*
 * Advice: refusals of pointers that the declaration says too little about, with what to write instead.
 *
 * Each shows the declaration as it could have been written.  Called by pointer.c.
 */
#include "stubgen/decision.h"

#include "proto/descriptor.h"

static struct coil_type *item_of(const struct coil_decision *d)
{
    return coil_type_strip(d->m->passage->type)->item;
}

/* The whole declaration with an annotation at this member, as it could have been written. */
static const char *corrected(const struct coil_decision *d, const char *words)
{
    struct coil_arena *arena = d->subject.module->arena;
    struct coil_buffer text = COIL_BUFFER_INIT(arena);

    if (d->m->field)
        return coil_arena_printf(arena, "%s /* [%s] */;", coil_type_declare(arena, d->m->type, d->m->name), words);
    for (size_t i = 0; i < d->group->count; i++) {
        const struct coil_member *m = &d->group->members[i];
        const char *name = m->name ? m->name : m == d->m ? "p" : m == d->beside.integer ? "n" : "";

        coil_buffer_printf(&text, "%s%s", i > 0 ? ", " : "", coil_type_declare(arena, m->type, name));
        if (m == d->m)
            coil_buffer_printf(&text, " /* [%s] */", words);
    }
    return coil_arena_printf(arena, "%s;",
                             coil_type_declare(arena, d->signature->type->item,
                                               coil_arena_printf(arena, "%s(%s)", d->signature->name, text.text)));
}

const char *coil_advise_count(const struct coil_decision *d, const char *length)
{
    return coil_arena_printf(d->subject.module->arena, "%s(%s)",
                             coil_type_is_void(item_of(d)) ? "sized_by" : "counted_by", length);
}

/* Row 3: memory that would be written, beside what may be its size. */
_Noreturn void coil_advise_beside(const struct coil_decision *d)
{
    struct coil_arena *arena = d->subject.module->arena;
    struct coil_type *item = item_of(d);
    const char *named = d->beside.integer->name;
    const char *count = coil_advise_count(d, named ? named : "n");
    bool has_one = !coil_type_is_void(item) && !coil_type_is_char(item);
    bool has_strings =
        coil_type_strip(item)->kind == COIL_KIND_POINTER && coil_type_is_char(coil_type_strip(item)->item);

    COIL_SUBJECT_REFUSE(&d->subject,
                        "%s is a pointer next to an integer that may be its length (%s): say what it is, as in \"%s\", "
                        "or write [in, %s], [out, %s], %s[opaque]%s",
                        d->subject.name, named ? coil_arena_printf(arena, "'%s'", named) : "it has no name",
                        corrected(d, coil_arena_printf(arena, "inout, %s", count)), count, count,
                        coil_type_is_char(item) ? "[string] or "
                        : has_strings           ? "[string] if a NULL comes after the last one, or "
                                                : "or ",
                        has_one ? "; for one element [inout, counted_by(1)]" : "");
}

/* Texts that a pointer leads to, one after the other. */
static _Noreturn void advise_strings(const struct coil_decision *d, const char *length)
{
    struct coil_arena *arena = d->subject.module->arena;
    bool is_const = coil_type_is_const(item_of(d));
    const char *counted = coil_arena_printf(arena, "%s, counted_by(%s)", is_const ? "in" : "inout", length);

    COIL_SUBJECT_REFUSE(&d->subject,
                        "%s is '%s', and nothing says how many strings it leads to: say it, as in \"%s\"; there are "
                        "[string] if a NULL comes after the last one, [%s] for that many, [%s] for a pointer to one "
                        "string, and [opaque]",
                        d->subject.name, coil_type_name(arena, d->m->type), corrected(d, "string"), counted,
                        is_const ? "in" : "inout");
}

/* The last row. */
_Noreturn void coil_advise_unknown(const struct coil_decision *d)
{
    struct coil_arena *arena = d->subject.module->arena;
    struct coil_type *item = item_of(d);
    struct coil_type *bare = coil_type_strip(item);
    const char *length = coil_infer_some_length(d->group);
    const char *count = coil_advise_count(d, length ? length : "n");
    bool is_const = coil_type_is_const(item);
    const char *words = is_const ? length ? coil_arena_printf(arena, "in, %s", count) : "in" : "inout";

    if (d->beside.integer && is_const)
        words = coil_arena_printf(arena, "in, %s",
                                  coil_advise_count(d, d->beside.integer->name ? d->beside.integer->name : "n"));
    if (bare->kind == COIL_KIND_POINTER && coil_type_is_char(bare->item))
        advise_strings(d, length ? length : "n");
    COIL_SUBJECT_REFUSE(&d->subject,
                        "%s is '%s', and nothing says how many elements it leads to%s: say it, as in \"%s\"; there are "
                        "[in]%s for one element, [in, %s]%s for an array, sized_by() for bytes, and [opaque]",
                        d->subject.name, coil_type_name(arena, d->m->type), is_const ? "" : " or who writes them",
                        corrected(d, words), is_const ? "" : ", [out] and [inout]", count,
                        is_const ? "" : coil_arena_printf(arena, ", [out, %s] and [inout, %s]", count, count));
}

/* A direction without a number of elements, beside what may be that number. */
_Noreturn void coil_advise_one(const struct coil_decision *d, enum coil_word direction)
{
    const char *length = d->beside.integer->name ? d->beside.integer->name : "n";

    coil_refuse_at(d->subject.module->diagnostics, d->m->marks.said[direction].position,
                   "[%s] does not say whether %s is one element or as many as '%s' says: write [%s, %s], or [%s, "
                   "counted_by(1)] for one",
                   coil_word_text(direction), d->subject.name, length, coil_word_text(direction),
                   coil_advise_count(d, length), coil_word_text(direction));
}

void coil_advise_note(const struct coil_decision *d, const char *words)
{
    if (d->subject.is_lenient)
        return;
    coil_note_at(d->subject.module->diagnostics, d->subject.position,
                 "%s is taken as [%s], because '%s' is beside it: write /* [%s] */ behind it to say the "
                 "same, or another annotation if that is wrong",
                 d->subject.name, words, d->beside.integer->name, words);
}
