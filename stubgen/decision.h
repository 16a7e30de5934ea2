/* Deciding how one value crosses: what all parts of it share. */
#ifndef STUBGEN_DECISION_H
#define STUBGEN_DECISION_H

#include "stubgen/infer.h"

/* What is being decided: where a refusal points, and what it is about. */
struct coil_subject {
    struct coil_module_model *module;
    struct coil_position position;
    const char *name;     /* "'p'", "argument 2 of 'f'", "field 'v' of 'struct s'" */
    bool is_lenient;      /* Python does not implement what it is part of: what is not clear is no error */
    bool *is_let_through; /* set when something that does not cross is no error */
};

#define COIL_SUBJECT_REFUSE(subject, ...)                                                                              \
    coil_refuse_at((subject)->module->diagnostics, (subject)->position, __VA_ARGS__)

/* Whether something that does not cross is no error: it is lenient, or --in-process-only. */
bool coil_subject_is_let_through(const struct coil_subject *subject);

/* One value that is being decided. */
struct coil_decision {
    struct coil_subject subject;
    const struct coil_group *group;         /* that its lengths are said over */
    const struct coil_member *m;            /* its type, its marks and its passage, whose lengths are known */
    size_t index;                           /* in the group */
    struct coil_beside beside;              /* of a pointer */
    const struct coil_signature *signature; /* of the function whose parameter it is, or NULL */
};

/* The word that says which way, or COIL_WORD_COUNT. */
enum coil_word coil_decision_direction(const struct coil_decision *d);

static inline bool coil_decision_says(const struct coil_decision *d, enum coil_word word)
{
    return coil_marks_say(&d->m->marks, word);
}

/* Refuses at a word that was said. */
_Noreturn void coil_decision_refuse(const struct coil_decision *d, enum coil_word word, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Decides a parameter or a field of the group; the passage says how it crosses.  What is let through is
 * COIL_CROSS_UNSAID if it is lenient, else the bare address.
 */
void coil_decide_member(struct coil_decision *d);

/* The same for a value that has no place among others: a result, a variable. */
void coil_decide_alone(struct coil_decision *d);

/* ---- advice.c: refusals that show what to write ---- */

_Noreturn void coil_advise_beside(const struct coil_decision *d);
_Noreturn void coil_advise_unknown(const struct coil_decision *d);
_Noreturn void coil_advise_one(const struct coil_decision *d, enum coil_word direction);
void coil_advise_note(const struct coil_decision *d, const char *words);

/* "counted_by(n)", or what counts bytes where there are no elements. */
const char *coil_advise_count(const struct coil_decision *d, const char *length);

#endif
