/*
 * The parser's top: a section is a row of declarations.
 *
 * The grammar is C's for declarations, without expressions beyond constants,
 * function bodies and attributes; and CFFI's additions: `...` where the compiler
 * knows better, and extern "Python".  Each function that parses is headed by its
 * rule.  Called once per section, in order; names of earlier sections are known
 * in later ones.
 */
#include <string.h>

#include "proto/descriptor.h"
#include "stubgen/parser.h"

#define DEPTH_MAX 200 /* C promises 63 of parentheses and of structs */

void coil_parse_enter(struct coil_parser *parser)
{
    if (++parser->depth > DEPTH_MAX)
        coil_parse_refuse(parser, "this is nested too deeply: more than %d levels are not supported", DEPTH_MAX);
}

bool coil_parse_accept(struct coil_parser *parser, const char *text)
{
    if (!coil_token_is(parser->token, text))
        return false;
    parser->token++;
    return true;
}

const char *coil_parse_found(struct coil_parser *parser)
{
    switch (parser->token->kind) {
    case COIL_TOKEN_END:
        return "the end of the declarations";
    case COIL_TOKEN_DIRECTIVE:
        return "a preprocessor line";
    case COIL_TOKEN_STRING:
    case COIL_TOKEN_CHARACTER:
        return parser->token->text;
    default:
        return coil_arena_printf(parser->arena, "'%s'", parser->token->text);
    }
}

_Noreturn void coil_parse_refuse(struct coil_parser *parser, const char *format, ...)
{
    va_list arguments;
    char *sentence;

    va_start(arguments, format);
    sentence = coil_arena_vprintf(parser->arena, format, arguments);
    va_end(arguments);
    coil_refuse_at(parser->diagnostics, parser->token->position, "%s", sentence);
}

void coil_parse_expect(struct coil_parser *parser, const char *text, const char *where)
{
    struct coil_position position = parser->token->position;

    if (coil_parse_accept(parser, text))
        return;
    /* A missing semicolon is missing behind the last token, which may be lines above the next one. */
    if (strcmp(text, ";") == 0) {
        position = parser->token[-1].position;
        position.offset += strlen(parser->token[-1].text);
    }
    coil_refuse_at(parser->diagnostics, position, "expected '%s' %s instead of %s", text, where,
                   coil_parse_found(parser));
}

/* unknown = "*"? name, after typedef ... */
static void parse_unknown_typedef(struct coil_parser *parser)
{
    bool is_pointer = coil_parse_accept(parser, "*");
    const struct coil_token *token = parser->token;
    struct coil_name *old = coil_module_find(parser->module, token->text);
    struct coil_record *record;
    struct coil_type *type;

    if (token->kind != COIL_TOKEN_WORD)
        coil_parse_refuse(parser, "expected a new type's name instead of %s", coil_parse_found(parser));
    parser->token++;
    if (!old || old->kind != COIL_NAME_TYPEDEF || old->is_builtin) {
        record = coil_module_add_record(parser->module, false, NULL, token->position);
        record->is_unknown = true;
        record->is_unknown_pointer = is_pointer;
        record->typedef_name = token->text;
        type = is_pointer ? coil_type_new(parser->arena, COIL_KIND_POINTER, record->type) : record->type;
        (void)coil_module_declare(parser->module, COIL_NAME_TYPEDEF, token->text, type, token->position);
    } else {
        /* The same a second time, or a refusal. */
        type = coil_type_strip(old->type);
        if (is_pointer && type->kind == COIL_KIND_POINTER)
            type = type->item;
        if (type->kind != COIL_KIND_RECORD || !type->record->is_unknown ||
            type->record->is_unknown_pointer != is_pointer)
            coil_refuse_at(parser->diagnostics, token->position, "'%s' is already declared differently, as '%s'",
                           token->text, coil_type_name(parser->arena, old->type));
    }
}

static void declare_typedef(struct coil_parser *parser, struct coil_declarator *declarator)
{
    struct coil_type *type = declarator->type;

    /* Of typedef int... a, b; each name is a type of its own. */
    if (type->kind == COIL_KIND_PRIMITIVE && type->primitive < 0 && strcmp(type->name, declarator->name) != 0) {
        declarator->type = coil_type_new(parser->arena, COIL_KIND_PRIMITIVE, NULL);
        declarator->type->primitive = type->primitive;
        declarator->type->name = declarator->name;
        type = declarator->type;
    }

    while (type->kind == COIL_KIND_QUALIFIED)
        type = type->item;
    /* typedef struct { ... } name; gives the struct its name. */
    if (type->kind == COIL_KIND_RECORD && !type->record->tag && !type->record->typedef_name)
        type->record->typedef_name = declarator->name;
    if (type->kind == COIL_KIND_ENUM && !type->enumeration->tag && !type->enumeration->typedef_name)
        type->enumeration->typedef_name = declarator->name;
    coil_type_set_subject(declarator->type, coil_arena_printf(parser->arena, "(*(%s *)0)", declarator->name), NULL);
    (void)coil_module_declare(parser->module, COIL_NAME_TYPEDEF, declarator->name, declarator->type,
                              declarator->position);
}

/* body = "{" ... "}" */
static void skip_body(struct coil_parser *parser)
{
    const struct coil_token *first = parser->token;
    unsigned depth = 0;

    do {
        if (parser->token->kind == COIL_TOKEN_END)
            coil_refuse_at(parser->diagnostics, first->position, "this '{' has no '}'");
        if (coil_token_is(parser->token, "{"))
            depth++;
        else if (coil_token_is(parser->token, "}"))
            depth--;
        parser->token++;
    } while (depth > 0);
}

/* A function that is declared again may say less than before, but nothing else: only the first time counts. */
static void check_said_before(struct coil_parser *parser, const char *function, const struct coil_name *name,
                              const struct coil_annotation *before, const struct coil_annotation *now)
{
    for (const struct coil_annotation *a = now; a; a = a->next, before = before->next)
        if (!before || strcmp(before->text, a->text) != 0)
            coil_refuse_at(parser->diagnostics, a->position,
                           "'%s' was declared before, at %s:%u, without this annotation: write it there", function,
                           name->position.section->label, coil_position_line(name->position));
}

static void check_repetition(struct coil_parser *parser, const char *function, const struct coil_type *type,
                             const struct coil_annotation *annotation)
{
    const struct coil_name *name = coil_module_find(parser->module, function);
    const struct coil_parameter *before = coil_type_strip(name->type)->parameters;

    check_said_before(parser, function, name, name->annotation, annotation);
    for (const struct coil_parameter *p = type->parameters; p && before; p = p->next, before = before->next)
        check_said_before(parser, function, name, before->annotation, p->annotation);
}

static void declare_function(struct coil_parser *parser, const struct coil_declarator *declarator,
                             const struct coil_token *first)
{
    const struct coil_annotation *annotation = coil_parse_annotation(parser, parser->start ? parser->start : first);
    struct coil_type *type = coil_type_strip(declarator->type);
    struct coil_name *name;

    if (parser->linkage != COIL_LINKAGE_C && type->variadic)
        coil_refuse_at(parser->diagnostics, declarator->position,
                       "'%s' has a variable number of arguments and cannot be implemented in Python: declare "
                       "a fixed number of them",
                       declarator->name);
    name = coil_module_declare(parser->module, COIL_NAME_FUNCTION, declarator->name, type, declarator->position);
    if (!name) {
        name = coil_module_find(parser->module, declarator->name);
        if (name->linkage != parser->linkage)
            coil_refuse_at(parser->diagnostics, declarator->position,
                           "'%s' is already declared differently at %s:%u, once for Python and once for C, "
                           "or static and not",
                           declarator->name, name->position.section->label, coil_position_line(name->position));
        check_repetition(parser, declarator->name, type, annotation);
        return;
    }
    name->linkage = parser->linkage;
    name->annotation = annotation;
}

/* Steps over an initialiser that is left to C. */
static void skip_initializer(struct coil_parser *parser)
{
    unsigned depth = 0;

    for (; parser->token->kind != COIL_TOKEN_END; parser->token++) {
        if (depth == 0 && (coil_token_is(parser->token, ",") || coil_token_is(parser->token, ";")))
            return;
        if (strchr("([{", parser->token->text[0]) && parser->token->kind == COIL_TOKEN_PUNCTUATOR)
            depth++;
        else if (strchr(")]}", parser->token->text[0]) && parser->token->kind == COIL_TOKEN_PUNCTUATOR && depth > 0)
            depth--;
    }
}

/* Whether the compiler is asked for the value of a static constant when it compiles the stub; other constants are read
 * like variables. */
static enum coil_name_kind kind_of_constant(struct coil_type *type)
{
    struct coil_type *bare = coil_type_strip(type);

    if (coil_type_is_integer(bare) || bare->kind == COIL_KIND_ENUM ||
        (bare->kind == COIL_KIND_PRIMITIVE && bare->primitive == COIL_PRIM_BOOL))
        return COIL_NAME_INTEGER;
    if (bare->kind == COIL_KIND_PRIMITIVE &&
        (bare->primitive == COIL_PRIM_FLOAT || bare->primitive == COIL_PRIM_DOUBLE ||
         bare->primitive == COIL_PRIM_LONGDOUBLE || bare->primitive == COIL_PRIM_SOME_REAL))
        return COIL_NAME_REAL;
    return COIL_NAME_VARIABLE;
}

/* variable = declarator ("=" expression)? */
static void declare_variable(struct coil_parser *parser, const struct coil_declarator *declarator, bool is_static,
                             const struct coil_token *first)
{
    const struct coil_annotation *annotation = coil_parse_annotation(parser, parser->start ? parser->start : first);
    struct coil_type *bare = coil_type_strip(declarator->type);
    bool is_constant = coil_type_is_const(declarator->type) && bare->kind != COIL_KIND_ARRAY;
    enum coil_name_kind kind = is_constant && is_static ? kind_of_constant(declarator->type) : COIL_NAME_VARIABLE;
    struct coil_number number = { 0 };
    struct coil_name *name;

    if (parser->linkage != COIL_LINKAGE_C && (parser->section->kind == COIL_SECTION_CDEF || parser->in_python_block))
        coil_refuse_at(parser->diagnostics, declarator->position,
                       "only functions can be declared as extern \"Python\": '%s' is a %s", declarator->name,
                       is_constant ? "constant" : "variable");
    if (coil_type_is_void(bare))
        coil_refuse_at(parser->diagnostics, declarator->position, "a variable cannot be void");
    coil_type_set_subject(declarator->type, declarator->name, NULL);
    if (coil_parse_accept(parser, "=")) {
        if (kind == COIL_NAME_INTEGER && parser->section->kind != COIL_SECTION_HEADER &&
            !coil_token_is(parser->token, "..."))
            number = coil_parse_expression(parser);
        else
            skip_initializer(parser);
    }
    name = coil_module_declare(parser->module, kind, declarator->name, declarator->type, declarator->position);
    if (name) {
        name->number = number;
        name->annotation = annotation;
        name->is_constant = is_constant;
    }
}

/* declaration = specifiers (declarator ("=" expression)? ("," declarator ("=" expression)?)*)? ";" */
static void parse_declaration(struct coil_parser *parser)
{
    const struct coil_token *first = parser->token;
    struct coil_specifiers specifiers = coil_parse_specifiers(parser);

    if (specifiers.is_unknown) {
        do
            parse_unknown_typedef(parser);
        while (coil_parse_accept(parser, ","));
        coil_parse_expect(parser, ";", "after this typedef");
        return;
    }
    if (coil_token_is(parser->token, ";")) {
        struct coil_type *type = coil_type_strip(specifiers.type);

        if (specifiers.is_typedef || (type->kind != COIL_KIND_RECORD && type->kind != COIL_KIND_ENUM) ||
            specifiers.type->kind == COIL_KIND_TYPEDEF)
            coil_refuse_at(parser->diagnostics, first->position, "this declares nothing: a name is missing before ';'");
        parser->token++;
        return;
    }
    do {
        struct coil_declarator declarator;

        parser->allows_compiled_length = true;
        declarator = coil_parse_declarator(parser, specifiers.type);
        parser->allows_compiled_length = false;
        if (!declarator.name)
            coil_parse_refuse(parser, "expected a name instead of %s%s", coil_parse_found(parser),
                              coil_is_keyword(parser->token->text) ? ", which is a keyword of C" : "");
        if (coil_token_is(parser->token, "__attribute__") || coil_token_is(parser->token, "asm"))
            coil_parse_refuse(parser, "attributes have no place in declarations: they belong in the C source");
        if (specifiers.is_typedef) {
            declare_typedef(parser, &declarator);
        } else if (coil_type_strip(declarator.type)->kind != COIL_KIND_FUNCTION) {
            declare_variable(parser, &declarator, specifiers.is_static, first);
        } else if (!coil_token_is(parser->token, "{")) {
            declare_function(parser, &declarator, first);
        } else if (parser->section->kind == COIL_SECTION_HEADER) {
            skip_body(parser);
            return;
        } else {
            coil_parse_refuse(parser, "a function's body has no place in declarations: it belongs in the C source");
        }
    } while (coil_parse_accept(parser, ","));
    coil_parse_expect(parser, ";", "after this declaration");
}

/* The linkage that extern "TEXT" asks for.  Blanks in it do not count. */
static enum coil_linkage linkage_of(struct coil_parser *parser)
{
    char *text = coil_arena_copy(parser->arena, parser->token->text, strlen(parser->token->text));
    char *end = text;

    for (const char *c = text; *c; c++)
        if (*c != ' ')
            *end++ = *c;
    *end = '\0';
    if (strcmp(text, "\"Python+C\"") == 0 || strcmp(text, "\"C+Python\"") == 0)
        return COIL_LINKAGE_EXTERNAL;
    if (strcmp(text, "\"Python\"") == 0)
        return COIL_LINKAGE_STATIC;
    if (parser->section->kind == COIL_SECTION_HEADER && strcmp(text, "\"C\"") == 0)
        return parser->linkage;
    coil_parse_refuse(parser, "extern %s is not known: write extern \"Python\" or extern \"Python+C\"",
                      parser->token->text);
}

static void parse_one(struct coil_parser *parser)
{
    if (parser->token->kind == COIL_TOKEN_DIRECTIVE)
        coil_parse_directive(parser);
    else if (!coil_parse_accept(parser, ";"))
        parse_declaration(parser);
}

/* python = "extern" string ("{" declaration* "}" | declaration) */
static void parse_extern(struct coil_parser *parser)
{
    const struct coil_token *first = parser->token++;
    enum coil_linkage outer = parser->linkage;
    enum coil_linkage linkage = linkage_of(parser);

    if (parser->in_python_block)
        coil_refuse_at(parser->diagnostics, first->position, "extern \"Python\" cannot stand inside another one");
    /* All functions of embedding_api() are exported, however they are declared. */
    if (parser->section->kind == COIL_SECTION_CDEF)
        parser->linkage = linkage;
    parser->in_python_block = strstr(parser->token->text, "Python") != NULL;
    parser->token++;
    if (coil_parse_accept(parser, "{")) {
        const struct coil_token *brace = parser->token - 1;

        while (!coil_parse_accept(parser, "}")) {
            if (parser->token->kind == COIL_TOKEN_END)
                coil_refuse_at(parser->diagnostics, brace->position, "this '{' has no '}'");
            if (coil_token_is(parser->token, "extern") && parser->token[1].kind == COIL_TOKEN_STRING)
                coil_parse_refuse(parser, "extern \"Python\" cannot stand inside another one");
            parse_one(parser);
        }
    } else {
        parser->start = first;
        parse_declaration(parser);
        parser->start = NULL;
    }
    parser->in_python_block = false;
    parser->linkage = outer;
}

/* section = (directive | python | ";" | declaration)* */
void coil_parse(struct coil_module_model *module, const struct coil_section *section)
{
    struct coil_parser *parser = coil_arena_take(module->arena, sizeof *parser);

    parser->module = module;
    parser->arena = module->arena;
    parser->diagnostics = module->diagnostics;
    parser->section = section;
    parser->pack = section->pack;
    parser->linkage = section->kind == COIL_SECTION_CDEF ? COIL_LINKAGE_C : COIL_LINKAGE_EXPORTED;
    parser->token = coil_lex(module->diagnostics, section, section->text, 0);
    while (parser->token->kind != COIL_TOKEN_END) {
        if (coil_token_is(parser->token, "extern") && parser->token[1].kind == COIL_TOKEN_STRING)
            parse_extern(parser);
        else
            parse_one(parser);
    }
    coil_parse_directives_end(parser);
}
