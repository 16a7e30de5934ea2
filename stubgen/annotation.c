/*
 * Reading annotations.
 *
 * The lexer keeps comments that are one pair of brackets around words; the
 * parser gives each to what it stands beside; here it is learnt what they say.
 * Whether that fits the type is crossing.c's question, and what the expressions
 * mean is length.c's.  Called between the parser and the emitter; all memory is the arena's.
 */
#include "stubgen/annotation.h"

#include <string.h>

/* One chain that is being read. */
struct reader {
    struct coil_module_model *module;
    struct coil_marks *marks;
    enum coil_annotated annotated;
    const struct coil_annotation *annotation; /* the one that is read now */
    const struct coil_token *token;           /* the next one in it */
};

#define NO_POSITION                                                                                                    \
    (struct coil_position)                                                                                             \
    {                                                                                                                  \
        NULL, 0                                                                                                        \
    }

static const struct {
    const char *text;
    bool has_expression;
} words[COIL_WORD_COUNT] = {
    [COIL_WORD_IN] = { "in", false },
    [COIL_WORD_OUT] = { "out", false },
    [COIL_WORD_INOUT] = { "inout", false },
    [COIL_WORD_COUNTED_BY] = { "counted_by", true },
    [COIL_WORD_SIZED_BY] = { "sized_by", true },
    [COIL_WORD_LENGTH] = { "length", true },
    [COIL_WORD_STRING] = { "string", false },
    [COIL_WORD_OPAQUE] = { "opaque", false },
    [COIL_WORD_OR_NULL] = { "or_null", false },
    [COIL_WORD_IDEMPOTENT] = { "idempotent", false },
    [COIL_WORD_ONEWAY] = { "oneway", false },
    [COIL_WORD_ERROR] = { "error", true },
    [COIL_WORD_TIMEOUT] = { "timeout", true },
};

#define OPAQUE_ADVICE "what is opaque is passed as it is and nothing behind it is copied"

/* Words that do not go together, and what to do. */
static const struct {
    enum coil_word a;
    enum coil_word b;
    const char *advice;
} contradictions[] = {
    { COIL_WORD_IN, COIL_WORD_OUT, "write inout for both ways" },
    { COIL_WORD_IN, COIL_WORD_INOUT, "write one of the two" },
    { COIL_WORD_OUT, COIL_WORD_INOUT, "write one of the two" },
    { COIL_WORD_COUNTED_BY, COIL_WORD_SIZED_BY, "write one of the two: counted_by counts elements, sized_by bytes" },
    { COIL_WORD_OPAQUE, COIL_WORD_IN, OPAQUE_ADVICE },
    { COIL_WORD_OPAQUE, COIL_WORD_OUT, OPAQUE_ADVICE },
    { COIL_WORD_OPAQUE, COIL_WORD_INOUT, OPAQUE_ADVICE },
    { COIL_WORD_OPAQUE, COIL_WORD_COUNTED_BY, OPAQUE_ADVICE },
    { COIL_WORD_OPAQUE, COIL_WORD_SIZED_BY, OPAQUE_ADVICE },
    { COIL_WORD_OPAQUE, COIL_WORD_LENGTH, OPAQUE_ADVICE },
    { COIL_WORD_OPAQUE, COIL_WORD_STRING, OPAQUE_ADVICE },
    { COIL_WORD_LENGTH, COIL_WORD_IN, "length() says how much comes back, and nothing does" },
};

const char *coil_word_text(enum coil_word word)
{
    return words[word].text;
}

static int find_word(const struct coil_token *token)
{
    for (int i = 0; token->kind == COIL_TOKEN_WORD && i < COIL_WORD_COUNT; i++)
        if (strcmp(words[i].text, token->text) == 0)
            return i;
    return -1;
}

/* How messages name the next token; behind the last one comes the bracket. */
static const char *found(const struct reader *reader)
{
    return reader->token->kind == COIL_TOKEN_END
               ? "']'"
               : coil_arena_printf(reader->module->arena, "'%s'", reader->token->text);
}

/* The text between two places of the annotation, without blanks around it. */
static const char *text_between(const struct reader *reader, struct coil_position start, struct coil_position end)
{
    const char *text = start.section->text + start.offset;
    size_t size = end.offset - start.offset;

    while (size > 0 && strchr(" \t\r\n", text[size - 1]))
        size--;
    return coil_arena_copy(reader->module->arena, text, size);
}

/* "(" expression ")", of which only the parentheses are looked at here. */
static void read_expression(struct reader *reader, enum coil_word word, struct coil_mark *mark)
{
    const struct coil_token *first = reader->token;
    unsigned depth = 0;

    if (!coil_token_is(first, "("))
        coil_refuse_at(reader->module->diagnostics, first->position,
                       "expected '(' after '%s' instead of %s: write %s(%s)", words[word].text, found(reader),
                       words[word].text,
                       word == COIL_WORD_TIMEOUT ? "milliseconds"
                       : word == COIL_WORD_ERROR ? "value"
                                                 : "n");
    do {
        if (reader->token->kind == COIL_TOKEN_END)
            coil_refuse_at(reader->module->diagnostics, first->position, "this '(' has no ')'");
        if (coil_token_is(reader->token, "("))
            depth++;
        else if (coil_token_is(reader->token, ")"))
            depth--;
        reader->token++;
    } while (depth > 0);
    mark->expression = first + 1;
    mark->text = text_between(reader, first[1].position, reader->token[-1].position);
}

static void check_annotated(const struct reader *reader, enum coil_word word, struct coil_position position)
{
    struct coil_diagnostics *diagnostics = reader->module->diagnostics;

    if (word >= COIL_WORD_IDEMPOTENT && reader->annotated == COIL_ANNOTATED_RESULT)
        coil_refuse_at(diagnostics, position,
                       "'%s' is about a function that Python implements, and this is none: remove it",
                       words[word].text);
    if (word >= COIL_WORD_IDEMPOTENT && reader->annotated != COIL_ANNOTATED_FUNCTION)
        coil_refuse_at(diagnostics, position,
                       "'%s' is about a function: write it in a comment in front of the declaration, or between "
                       "its ')' and its ';'",
                       words[word].text);
    if ((reader->annotated == COIL_ANNOTATED_VALUE && word != COIL_WORD_IN) ||
        (reader->annotated == COIL_ANNOTATED_RECORD && word != COIL_WORD_IN && word != COIL_WORD_OPAQUE))
        coil_refuse_at(diagnostics, position, "'%s' is about a pointer, and this is none: it is passed by value",
                       words[word].text);
}

/* word = name ("(" expression ")")? */
static void read_word(struct reader *reader)
{
    struct coil_diagnostics *diagnostics = reader->module->diagnostics;
    const struct coil_token *token = reader->token;
    int word = find_word(token);
    struct coil_mark *mark;

    if (token->kind != COIL_TOKEN_WORD)
        coil_refuse_at(diagnostics, token->position, "expected a word of an annotation instead of %s", found(reader));
    if (word < 0)
        coil_refuse_at(diagnostics, token->position,
                       "'%s' is not an annotation: there are in, out, inout, counted_by, sized_by, length, "
                       "string, opaque, or_null, idempotent, oneway, error and timeout",
                       token->text);
    mark = &reader->marks->said[word];
    check_annotated(reader, (enum coil_word)word, token->position);
    if (mark->position.section)
        coil_refuse_at(diagnostics, token->position, "'%s' is said twice: remove one", token->text);
    mark->position = token->position;
    reader->token++;
    if (words[word].has_expression)
        read_expression(reader, (enum coil_word)word, mark);
    else if (coil_token_is(reader->token, "("))
        coil_refuse_at(diagnostics, reader->token->position, "'%s' takes nothing in parentheses", token->text);
}

/* The words between the brackets, as tokens with their places. */
static const struct coil_token *tokens_of(struct coil_module_model *module, const struct coil_annotation *annotation)
{
    return coil_lex(module->diagnostics, annotation->position.section, annotation->text,
                    annotation->position.offset + 1);
}

/* annotation = "[" word ("," word)* "]" */
static void read_annotation(struct reader *reader)
{
    reader->token = tokens_of(reader->module, reader->annotation);
    if ((reader->annotated == COIL_ANNOTATED_VALUE || reader->annotated == COIL_ANNOTATED_RECORD ||
         reader->annotated == COIL_ANNOTATED_RESULT) &&
        find_word(reader->token) < 0)
        return;
    for (;;) {
        read_word(reader);
        if (reader->token->kind == COIL_TOKEN_END)
            return;
        if (!coil_token_is(reader->token, ","))
            coil_refuse_at(reader->module->diagnostics, reader->token->position,
                           "expected ',' or ']' in this annotation instead of %s", found(reader));
        reader->token++;
    }
}

_Noreturn void coil_annotation_contradict(struct coil_module_model *module, const struct coil_marks *marks,
                                          enum coil_word a, enum coil_word b, const char *advice)
{
    struct coil_position later = marks->said[a].position;

    if (marks->said[b].position.offset > later.offset)
        later = marks->said[b].position;
    coil_refuse_at(module->diagnostics, later, "'%s' and '%s' contradict each other: %s", words[a].text, words[b].text,
                   advice);
}

static void check_contradictions(const struct reader *reader)
{
    const struct coil_marks *marks = reader->marks;

    for (size_t i = 0; i < sizeof contradictions / sizeof *contradictions; i++)
        if (coil_marks_say(marks, contradictions[i].a) && coil_marks_say(marks, contradictions[i].b))
            coil_annotation_contradict(reader->module, marks, contradictions[i].a, contradictions[i].b,
                                       contradictions[i].advice);
    if (coil_marks_say(marks, COIL_WORD_LENGTH) && !coil_marks_say(marks, COIL_WORD_COUNTED_BY) &&
        !coil_marks_say(marks, COIL_WORD_SIZED_BY))
        coil_refuse_at(reader->module->diagnostics, marks->said[COIL_WORD_LENGTH].position,
                       "length() says how much of an array comes back: say how much room there is, too, as in "
                       "[out, counted_by(capacity), length(%s)]",
                       marks->said[COIL_WORD_LENGTH].text);
}

struct coil_marks coil_annotation_read(struct coil_module_model *module, const struct coil_annotation *annotation,
                                       enum coil_annotated annotated)
{
    struct coil_marks marks = { { { NO_POSITION, NULL, NULL } } };
    struct reader reader = { .module = module, .marks = &marks, .annotated = annotated };

    for (reader.annotation = annotation; reader.annotation; reader.annotation = reader.annotation->next)
        read_annotation(&reader);
    check_contradictions(&reader);
    return marks;
}
