/*
 * Preprocessor lines.
 *
 * cdef() and embedding_api() texts know `#define NAME ...`, `#define NAME 42` and
 * `#pragma pack`, nothing else.  A C header also has include guards, #includes and blocks for C++:
 * conditions that can be decided from the header's own text and from `__cplusplus`
 * (never defined: the declarations are read as C) are, and a macro becomes a
 * constant if its value is an integer constant.  Other macros are left to C.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "stubgen/parser.h"

/* One preprocessor line, taken apart. */
struct directive {
    const struct coil_token *token;
    const char *name; /* "define"; "" for a line without one, and for "# 12" */
    const char *rest; /* what follows, without blanks in front */
};

/* An #if that waits for its #endif. */
struct condition {
    const struct coil_token *token;
    bool is_taken; /* the lines that are read now count */
};

static const char *skip_blanks(const char *text)
{
    while (*text == ' ' || *text == '\t')
        text++;
    return text;
}

static size_t word_size(const char *text)
{
    size_t size = 0;

    while (isalnum((unsigned char)text[size]) || text[size] == '_')
        size++;
    return size;
}

static struct directive take_apart(struct coil_parser *parser)
{
    struct directive directive = { .token = parser->token };
    const char *text = skip_blanks(parser->token->text + 1);
    size_t size = word_size(text);

    directive.name = isdigit((unsigned char)text[0]) ? "line" : coil_arena_copy(parser->arena, text, size);
    directive.rest = skip_blanks(text + size);
    return directive;
}

static _Noreturn void refuse(struct coil_parser *parser, const struct directive *directive, const char *sentence)
{
    coil_refuse_at(parser->diagnostics, directive->token->position, "#%s %s", directive->name, sentence);
}

/* Where a part of the line stands in the section, as long as no comment comes before it. */
static size_t offset_of(const struct directive *directive, const char *part)
{
    return directive->token->position.offset + (size_t)(part - directive->token->text);
}

/* Whether the tokens can only be an integer constant expression. */
static bool is_integer_expression(struct coil_parser *parser, const struct coil_token *token)
{
    bool has_value = false;

    for (; token->kind != COIL_TOKEN_END; token++)
        switch (token->kind) {
        case COIL_TOKEN_NUMBER:
            if (strpbrk(token->text, ".pP") || (strpbrk(token->text, "eE") && strncasecmp(token->text, "0x", 2) != 0))
                return false;
            has_value = true;
            break;
        case COIL_TOKEN_CHARACTER:
            has_value = true;
            break;
        case COIL_TOKEN_WORD: {
            struct coil_name *name = coil_module_find(parser->module, token->text);

            if (!name || name->kind != COIL_NAME_INTEGER)
                return false;
            has_value = true;
            break;
        }
        case COIL_TOKEN_PUNCTUATOR:
            if (strchr("{}[];,.=", token->text[0]) && !coil_token_is(token, "=="))
                return false;
            break;
        default:
            return false;
        }
    return has_value;
}

/* The value, if it is an integer constant; else `is_known` is false, or it is refused. */
static struct coil_number parse_value(struct coil_parser *parser, const struct directive *directive, const char *value,
                                      bool *ret_is_integer)
{
    const struct coil_token *after = parser->token;
    struct coil_number number = { 0 };

    *ret_is_integer = false;
    parser->token = coil_lex(parser->diagnostics, parser->section, value, offset_of(directive, value));
    if (is_integer_expression(parser, parser->token)) {
        number = coil_parse_expression(parser);
        *ret_is_integer = parser->token->kind == COIL_TOKEN_END;
    }
    parser->token = after;
    return number;
}

static void declare_macro(struct coil_parser *parser, const char *text, struct coil_position position,
                          struct coil_number number, bool is_asserted)
{
    struct coil_name *name = coil_module_declare(parser->module, COIL_NAME_INTEGER, text, NULL, position);

    if (name) {
        name->number = number;
        name->is_asserted = is_asserted;
        return;
    }
    name = coil_module_find(parser->module, text);
    if (name->number.is_known && number.is_known && name->number.bits != number.bits)
        coil_refuse_at(parser->diagnostics, position,
                       "'%s' was declared before with another value, at %s:%u: remove one of the two", text,
                       name->position.section ? name->position.section->label : "",
                       name->position.section ? coil_position_line(name->position) : 0);
}

static _Noreturn void refuse_macro(struct coil_parser *parser, const char *text, const char *value, bool is_function,
                                   struct coil_position position)
{
    if (is_function)
        coil_refuse_at(parser->diagnostics, position,
                       "macros with parameters are declared as functions: write a prototype, such as "
                       "'int %s(int x);'",
                       text);
    if (*value == '"')
        coil_refuse_at(parser->diagnostics, position,
                       "a macro that is a text is declared as a constant: write 'static char *const %s;'", text);
    if (isdigit((unsigned char)*value) && strpbrk(value, ".eE"))
        coil_refuse_at(parser->diagnostics, position,
                       "a macro that is no integer is declared as a constant: write "
                       "'static const double %s;'",
                       text);
    coil_refuse_at(parser->diagnostics, position,
                   "a macro's declaration is '#define %s ...' (the C source has the value) or '#define %s NUMBER'",
                   text, text);
}

/* define = "#define" name ("..." | value)? */
static void parse_define(struct coil_parser *parser, const struct directive *directive)
{
    bool is_header = parser->section->kind == COIL_SECTION_HEADER;
    const char *text = coil_arena_copy(parser->arena, directive->rest, word_size(directive->rest));
    const char *value = directive->rest + strlen(text);
    struct coil_position position = { parser->section, offset_of(directive, directive->rest) };
    bool is_function = *value == '(';
    struct coil_number number;
    bool is_integer;

    if (!*text || isdigit((unsigned char)*text))
        refuse(parser, directive, "needs a name");
    value = skip_blanks(value);
    if (is_header && (is_function || !*value)) {
        coil_table_put(&parser->macros, parser->arena, text, parser);
        return;
    }
    if (strcmp(value, "...") == 0 && !is_function) {
        declare_macro(parser, text, position, (struct coil_number){ 0 }, false);
        return;
    }
    number = is_function ? (struct coil_number){ 0 } : parse_value(parser, directive, value, &is_integer);
    if (!is_function && is_integer) {
        declare_macro(parser, text, position, number, !is_header && number.is_known);
    } else if (!is_header) {
        refuse_macro(parser, text, value, is_function, position);
    }
    coil_table_put(&parser->macros, parser->arena, text, parser);
}

/* Whether #ifdef of that name is true. */
static bool is_defined(struct coil_parser *parser, const char *text)
{
    return coil_table_get(&parser->macros, coil_arena_copy(parser->arena, text, word_size(text))) != NULL;
}

/* "defined NAME", "defined(NAME)", "!defined...", "0" and "1"; refuses what cannot be decided. */
static bool decide(struct coil_parser *parser, const struct directive *directive, const char *text)
{
    text = skip_blanks(text);
    if (*text == '!')
        return !decide(parser, directive, text + 1);
    if (strncmp(text, "defined", 7) == 0) {
        text = skip_blanks(text + 7);
        if (*text == '(')
            text = skip_blanks(text + 1);
        if (!strpbrk(text, "&|"))
            return is_defined(parser, text);
    }
    if (isdigit((unsigned char)text[0]) && !*skip_blanks(text + 1) && text[0] <= '1')
        return text[0] == '1';
    refuse(parser, directive, "cannot be decided here: #ifdef, #ifndef, #if defined(NAME), #if 0 and #if 1 can");
}

/* Steps over lines that do not count, up to the #else, #elif or #endif of the innermost condition. */
static void skip_lines(struct coil_parser *parser)
{
    unsigned depth = 0;

    for (; parser->token->kind != COIL_TOKEN_END; parser->token++) {
        struct directive directive;

        if (parser->token->kind != COIL_TOKEN_DIRECTIVE)
            continue;
        directive = take_apart(parser);
        if (strncmp(directive.name, "if", 2) == 0)
            depth++;
        else if (depth == 0 && (strcmp(directive.name, "endif") == 0 || strcmp(directive.name, "else") == 0 ||
                                strcmp(directive.name, "elif") == 0))
            return;
        else if (strcmp(directive.name, "endif") == 0)
            depth--;
    }
}

static void open_condition(struct coil_parser *parser, const struct directive *directive, bool is_taken)
{
    struct condition *condition = coil_arena_take(parser->arena, sizeof *condition);

    condition->token = directive->token;
    condition->is_taken = is_taken;
    coil_list_add(&parser->conditions, parser->arena, condition);
    if (!is_taken)
        skip_lines(parser);
}

/* #else and #elif: lines count if none of the condition did before. */
static void turn_condition(struct coil_parser *parser, const struct directive *directive)
{
    struct condition *condition;

    if (parser->conditions.count == 0)
        refuse(parser, directive, "has no #if");
    condition = parser->conditions.items[parser->conditions.count - 1];
    if (condition->is_taken || (directive->name[2] == 'i' && !decide(parser, directive, directive->rest)))
        skip_lines(parser);
    else
        condition->is_taken = true;
}

/* pack = "pack" "(" ("push" ("," number)? | "pop" | number)? ")", as compilers know it */
static void parse_pragma(struct coil_parser *parser, const struct directive *directive)
{
    const char *text = directive->rest;
    size_t size = word_size(text);
    bool is_push;
    char *end;
    unsigned long pack;

    if (size != 4 || strncmp(text, "pack", 4) != 0)
        return; /* compilers' own business */
    text = skip_blanks(text + size);
    text = *text == '(' ? skip_blanks(text + 1) : ")";
    if (strncmp(text, "pop", 3) == 0) {
        if (parser->packs.count == 0)
            refuse(parser, directive, "pack(pop) has no pack(push)");
        parser->pack = *(unsigned *)parser->packs.items[--parser->packs.count];
        return;
    }
    is_push = strncmp(text, "push", 4) == 0;
    if (is_push) {
        unsigned *pushed = coil_arena_take(parser->arena, sizeof *pushed);

        *pushed = parser->pack;
        coil_list_add(&parser->packs, parser->arena, pushed);
        text = skip_blanks(text + 4);
        text = *text == ',' ? skip_blanks(text + 1) : text;
    }
    if (*text == ')') {
        parser->pack = is_push ? parser->pack : 0;
        return;
    }
    pack = strtoul(text, &end, 10);
    if (*skip_blanks(end) != ')' || pack == 0 || pack > 16 || (pack & (pack - 1)))
        refuse(parser, directive, "pack(...) is known with 1, 2, 4, 8 or 16, with push and with pop");
    parser->pack = (unsigned)pack;
}

static bool parse_header_directive(struct coil_parser *parser, const struct directive *directive)
{
    const char *name = directive->name;

    if (strcmp(name, "ifdef") == 0)
        open_condition(parser, directive, is_defined(parser, directive->rest));
    else if (strcmp(name, "ifndef") == 0)
        open_condition(parser, directive, !is_defined(parser, directive->rest));
    else if (strcmp(name, "if") == 0)
        open_condition(parser, directive, decide(parser, directive, directive->rest));
    else if (strcmp(name, "else") == 0 || strcmp(name, "elif") == 0)
        turn_condition(parser, directive);
    else if (strcmp(name, "endif") == 0 && parser->conditions.count > 0)
        parser->conditions.count--;
    else if (strcmp(name, "endif") == 0)
        refuse(parser, directive, "has no #if");
    else
        return strcmp(name, "include") == 0 || strcmp(name, "undef") == 0 || strcmp(name, "error") == 0 ||
               strcmp(name, "warning") == 0;
    return true;
}

void coil_parse_directive(struct coil_parser *parser)
{
    struct directive directive = take_apart(parser);

    parser->token++;
    if (strcmp(directive.name, "define") == 0)
        parse_define(parser, &directive);
    else if (strcmp(directive.name, "pragma") == 0)
        parse_pragma(parser, &directive);
    else if (strcmp(directive.name, "line") == 0 || (!*directive.name && !*directive.rest))
        return;
    else if (parser->section->kind != COIL_SECTION_HEADER)
        refuse(parser, &directive, "has no place in declarations: only #define has, the rest belongs in the C source");
    else if (!parse_header_directive(parser, &directive))
        refuse(parser, &directive, "is not a preprocessor line that is known");
}

void coil_parse_directives_end(struct coil_parser *parser)
{
    if (parser->conditions.count > 0) {
        struct condition *condition = parser->conditions.items[parser->conditions.count - 1];

        coil_refuse_at(parser->diagnostics, condition->token->position, "this condition has no #endif");
    }
}
