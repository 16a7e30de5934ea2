/*
 * The lexer.
 *
 * A section becomes an array of tokens, so that the parser can look ahead and
 * go back (declarators inside out need that).  Comments do not disappear: one of
 * the form [in, out] belongs to the declaration it stands in, and is kept with
 * the token that follows it, or with the comma or semicolon that it stands behind at
 * the end of a line or of a struct.  Called by the parser, once per section.
 */
#include "stubgen/lexer.h"

#include <ctype.h>
#include <string.h>

struct lexer {
    struct coil_diagnostics *diagnostics;
    const struct coil_section *section;
    const char *text;                    /* what is lexed: the section's text, or a part of it */
    size_t offset;                       /* where `text` stands in the section */
    const char *at;                      /* the next character; the text ends in a NUL */
    struct coil_annotation *annotations; /* seen since the last token */
    struct coil_token *tokens;
    size_t count;
    size_t capacity;
};

/* Joined lines and comments may have made a part shorter than what it was: the place is the nearest there is. */
static struct coil_position position_of(const struct lexer *lexer, const char *at)
{
    size_t offset = lexer->offset + (size_t)(at - lexer->text);

    return (struct coil_position){ lexer->section, offset < lexer->section->size ? offset : lexer->section->size };
}

static bool is_word_start(char c)
{
    return isalpha((unsigned char)c) || c == '_';
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Whether a comment ends the line of the comma or semicolon before it, or its struct; the next token is at `start`. */
static bool is_behind(const struct lexer *lexer, const struct coil_annotation *annotation, const char *start)
{
    const struct coil_token *before = lexer->count > 0 ? &lexer->tokens[lexer->count - 1] : NULL;
    const char *text = lexer->section->text;

    if (!before || before->kind != COIL_TOKEN_PUNCTUATOR || !strchr(",;", before->text[0]))
        return false;
    if (*start == '}')
        return true; /* nothing follows that it could be about */
    if (lexer->text != text)
        return false;
    return !memchr(text + before->position.offset, '\n', annotation->position.offset - before->position.offset) &&
           (!*start ||
            memchr(text + annotation->position.offset, '\n', (size_t)(start - text) - annotation->position.offset));
}

static void append(struct coil_annotation **list, struct coil_annotation *annotation)
{
    while (*list)
        list = &(*list)->next;
    annotation->next = NULL;
    *list = annotation;
}

/* Gives the comments since the last token to the token that they belong to; `token` is the new one, at `start`. */
static void place_annotations(struct lexer *lexer, struct coil_token *token, const char *start)
{
    struct coil_annotation *annotation;

    token->annotation = NULL;
    while ((annotation = lexer->annotations)) {
        lexer->annotations = annotation->next;
        append(is_behind(lexer, annotation, start) ? &lexer->tokens[lexer->count - 1].annotation : &token->annotation,
               annotation);
    }
}

static void add(struct lexer *lexer, enum coil_token_kind kind, const char *start, const char *text)
{
    struct coil_token *token;

    if (lexer->count == lexer->capacity) {
        size_t capacity = 2 * lexer->capacity + 256;
        struct coil_token *larger = coil_arena_take(lexer->diagnostics->arena, capacity * sizeof *larger);

        if (lexer->count > 0)
            memcpy(larger, lexer->tokens, lexer->count * sizeof *larger);
        lexer->tokens = larger;
        lexer->capacity = capacity;
    }
    token = &lexer->tokens[lexer->count];
    place_annotations(lexer, token, start);
    lexer->count++;
    token->kind = kind;
    token->text = text;
    token->position = position_of(lexer, start);
}

static void add_text(struct lexer *lexer, enum coil_token_kind kind, size_t size)
{
    add(lexer, kind, lexer->at, coil_arena_copy(lexer->diagnostics->arena, lexer->at, size));
    lexer->at += size;
}

/* Whether [start, end) is an annotation and not prose with brackets in it: see struct coil_annotation. */
static bool is_annotation(const char *start, const char *end)
{
    if (end - start < 2 || *start != '[' || end[-1] != ']')
        return false;
    for (const char *c = start + 1; c < end - 1; c++)
        if (*c == '[' || *c == ']')
            return false;
    do
        start++;
    while (isspace((unsigned char)*start));
    if (!is_word_start(*start))
        return false;
    while (is_word(*start))
        start++;
    return isspace((unsigned char)*start) || strchr(",(]", *start);
}

/* Keeps the comment's text if it is an annotation. */
static void keep_annotation(struct lexer *lexer, const char *start, const char *end)
{
    struct coil_annotation *annotation;

    while (start < end && (isspace((unsigned char)*start) || *start == '*'))
        start++;
    while (start < end && (isspace((unsigned char)end[-1]) || end[-1] == '*'))
        end--;
    if (!is_annotation(start, end))
        return;
    annotation = coil_arena_take(lexer->diagnostics->arena, sizeof *annotation);
    annotation->text = coil_arena_copy(lexer->diagnostics->arena, start + 1, (size_t)(end - start) - 2);
    annotation->position = position_of(lexer, start);
    append(&lexer->annotations, annotation);
}

/* The end of the comment that starts at `at`, or NULL if there is none. */
static const char *comment_end(struct lexer *lexer, const char *at)
{
    if (at[0] == '/' && at[1] == '/')
        return at + strcspn(at, "\n");
    if (at[0] == '/' && at[1] == '*') {
        const char *end = strstr(at + 2, "*/");

        if (!end)
            coil_refuse_at(lexer->diagnostics, position_of(lexer, at), "this comment has no end: write */");
        return end + 2;
    }
    return NULL;
}

/* A comment of either kind. */
static bool skip_comment(struct lexer *lexer)
{
    const char *end = comment_end(lexer, lexer->at);

    if (!end)
        return false;
    keep_annotation(lexer, lexer->at + 2, lexer->at[1] == '*' ? end - 2 : end);
    lexer->at = end;
    return true;
}

/* directive = "#" ... newline, where a backslash joins lines and a comment is a blank */
static void lex_directive(struct lexer *lexer)
{
    struct coil_buffer line = COIL_BUFFER_INIT(lexer->diagnostics->arena);
    const char *start = lexer->at;

    while (*lexer->at && *lexer->at != '\n') {
        const char *end = comment_end(lexer, lexer->at);

        if (end) {
            lexer->at = end;
            coil_buffer_puts(&line, " ");
        } else if (lexer->at[0] == '\\' && lexer->at[1] == '\n') {
            lexer->at += 2;
        } else if (lexer->at[0] == '\\' && lexer->at[1] == '\r' && lexer->at[2] == '\n') {
            lexer->at += 3;
        } else {
            coil_buffer_put(&line, lexer->at++, 1);
        }
    }
    while (line.size > 0 && isspace((unsigned char)line.text[line.size - 1]))
        line.text[--line.size] = '\0';
    add(lexer, COIL_TOKEN_DIRECTIVE, start, line.text);
}

/* Characters and strings; there is no need to understand escapes, only to step over them. */
static void lex_quoted(struct lexer *lexer)
{
    char quote = *lexer->at;
    size_t size = 1;

    while (lexer->at[size] != quote) {
        if (lexer->at[size] == '\0' || lexer->at[size] == '\n')
            coil_refuse_at(lexer->diagnostics, position_of(lexer, lexer->at),
                           "this %s has no end: write %c before the end of the line",
                           quote == '"' ? "string" : "character", quote);
        size += lexer->at[size] == '\\' && lexer->at[size + 1] ? 2 : 1;
    }
    add_text(lexer, quote == '"' ? COIL_TOKEN_STRING : COIL_TOKEN_CHARACTER, size + 1);
}

static void lex_number(struct lexer *lexer)
{
    size_t size = 1;

    while (is_word(lexer->at[size]) || (lexer->at[size] == '.' && lexer->at[size + 1] != '.') ||
           ((lexer->at[size] == '+' || lexer->at[size] == '-') && strchr("eEpP", lexer->at[size - 1]) &&
            strncmp(lexer->at, "0x", 2) != 0))
        size++;
    add_text(lexer, COIL_TOKEN_NUMBER, size);
}

static bool lex_punctuator(struct lexer *lexer)
{
    static const char *const longer[] = { "...", "<<", ">>", "==", "!=", "<=", ">=", "&&", "||" };

    for (size_t i = 0; i < sizeof longer / sizeof *longer; i++)
        if (strncmp(lexer->at, longer[i], strlen(longer[i])) == 0) {
            add_text(lexer, COIL_TOKEN_PUNCTUATOR, strlen(longer[i]));
            return true;
        }
    if (!*lexer->at || !strchr("{}()[];,:=*&|^~!+-/%<>?.", *lexer->at))
        return false;
    add_text(lexer, COIL_TOKEN_PUNCTUATOR, 1);
    return true;
}

struct coil_token *coil_lex(struct coil_diagnostics *diagnostics, const struct coil_section *section, const char *text,
                            size_t offset)
{
    struct lexer lexer = { .diagnostics = diagnostics, .section = section, .text = text, .offset = offset, .at = text };
    bool line_start = true;

    for (; *lexer.at; line_start = false) {
        while (isspace((unsigned char)*lexer.at)) {
            line_start |= *lexer.at == '\n';
            lexer.at++;
        }
        if (!*lexer.at)
            break;
        if (skip_comment(&lexer)) {
            /* A directive may follow a comment on its line. */
            while (isspace((unsigned char)*lexer.at) && *lexer.at != '\n')
                lexer.at++;
            if (*lexer.at == '#' && line_start)
                lex_directive(&lexer);
            continue;
        }
        if (*lexer.at == '#' && line_start)
            lex_directive(&lexer);
        else if (is_word_start(*lexer.at)) {
            size_t size = 1;

            while (is_word(lexer.at[size]))
                size++;
            add_text(&lexer, COIL_TOKEN_WORD, size);
        } else if (isdigit((unsigned char)*lexer.at))
            lex_number(&lexer);
        else if (*lexer.at == '"' || *lexer.at == '\'')
            lex_quoted(&lexer);
        else if (!lex_punctuator(&lexer)) {
            if (isprint((unsigned char)*lexer.at))
                coil_refuse_at(diagnostics, position_of(&lexer, lexer.at),
                               "'%c' has no meaning in a declaration: remove it", *lexer.at);
            coil_refuse_at(diagnostics, position_of(&lexer, lexer.at),
                           "a character here (byte 0x%02x) has no meaning in a declaration: names have ASCII "
                           "letters, digits and '_'",
                           (unsigned)(unsigned char)*lexer.at);
        }
    }
    if (text == section->text && (size_t)(lexer.at - text) < section->size)
        coil_refuse_at(diagnostics, position_of(&lexer, lexer.at),
                       "there is a NUL byte in the declarations: remove it");
    add(&lexer, COIL_TOKEN_END, lexer.at, "");
    return lexer.tokens;
}

bool coil_token_is(const struct coil_token *token, const char *text)
{
    return (token->kind == COIL_TOKEN_WORD || token->kind == COIL_TOKEN_PUNCTUATOR) && strcmp(token->text, text) == 0;
}
