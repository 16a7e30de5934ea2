/* Annotations: what comments such as [out, counted_by(n)] say about a parameter or a function. */
#ifndef STUBGEN_ANNOTATION_H
#define STUBGEN_ANNOTATION_H

#include "stubgen/module.h"

enum coil_word {
    COIL_WORD_IN,
    COIL_WORD_OUT,
    COIL_WORD_INOUT,
    COIL_WORD_COUNTED_BY,
    COIL_WORD_SIZED_BY,
    COIL_WORD_LENGTH,
    COIL_WORD_STRING,
    COIL_WORD_OPAQUE,
    COIL_WORD_OR_NULL,
    COIL_WORD_IDEMPOTENT, /* from here on: about functions */
    COIL_WORD_ONEWAY,
    COIL_WORD_ERROR,
    COIL_WORD_TIMEOUT,
    COIL_WORD_COUNT
};

/* A word that was said. */
struct coil_mark {
    struct coil_position position;       /* its section is NULL if the word was not said */
    const struct coil_token *expression; /* what stands in parentheses behind it, up to the ")"; or NULL */
    const char *text;                    /* the same as it was written */
};

struct coil_marks {
    struct coil_mark said[COIL_WORD_COUNT];
};

/* What an annotation is about. */
enum coil_annotated {
    COIL_ANNOTATED_POINTER,
    COIL_ANNOTATED_VALUE,    /* no pointer: a comment such as [mm] is only a comment there */
    COIL_ANNOTATED_RECORD,   /* the same: a struct, which may be opaque */
    COIL_ANNOTATED_FUNCTION, /* that Python implements, and its result */
    COIL_ANNOTATED_RESULT    /* of any other function, of which nothing else is said; there, too */
};

/*
 * Reads a chain of annotations, which may be NULL.  Refuses words that are unknown,
 * said twice, about something else, or in contradiction to each other.
 */
struct coil_marks coil_annotation_read(struct coil_module_model *module, const struct coil_annotation *annotation,
                                       enum coil_annotated annotated);

/* Refuses two words that do not go together, at the later one. */
_Noreturn void coil_annotation_contradict(struct coil_module_model *module, const struct coil_marks *marks,
                                          enum coil_word a, enum coil_word b, const char *advice);

const char *coil_word_text(enum coil_word word);

static inline bool coil_marks_say(const struct coil_marks *marks, enum coil_word word)
{
    return marks->said[word].position.section != NULL;
}

#endif
