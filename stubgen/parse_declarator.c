/*
 * Declarators, which wrap the type on the left inside out around the name.
 *
 * For a parenthesised declarator the parser first steps over it to read what
 * follows, then goes back: `int (*f)(void)` is read as "a function (void)
 * returning int" and then "a pointer f to that".
 */
#include <string.h>

#include "proto/descriptor.h"
#include "stubgen/parser.h"

/* parameter = specifiers declarator */
static struct coil_parameter *parse_parameter(struct coil_parser *parser)
{
    struct coil_parameter *parameter = coil_arena_take(parser->arena, sizeof *parameter);
    const struct coil_token *first = parser->token;
    struct coil_specifiers specifiers = coil_parse_specifiers(parser);
    struct coil_declarator declarator;

    if (specifiers.is_typedef || specifiers.is_static || specifiers.is_extern)
        coil_refuse_at(parser->diagnostics, first->position, "a parameter has no storage class: remove '%s'",
                       first->text);
    declarator = coil_parse_declarator(parser, specifiers.type);
    parameter->name = declarator.name;
    parameter->type = declarator.type;
    parameter->position = declarator.name ? declarator.position : specifiers.position;
    parameter->annotation = coil_parse_annotation(parser, first);
    return parameter;
}

static void check_parameter(struct coil_parser *parser, const struct coil_type *function,
                            const struct coil_parameter *parameter)
{
    struct coil_type *type = coil_type_strip(parameter->type);

    if (type->kind == COIL_KIND_ARRAY && coil_type_is_incomplete(type->item))
        coil_refuse_at(parser->diagnostics, parameter->position, "an array of '%s' is not possible",
                       coil_type_name(parser->arena, type->item));
    for (const struct coil_parameter *p = function->parameters; p; p = p->next)
        if (p->name && parameter->name && strcmp(p->name, parameter->name) == 0)
            coil_refuse_at(parser->diagnostics, parameter->position,
                           "there are two parameters called '%s': rename one of them", parameter->name);
}

/* typedef void nothing; int f(nothing); */
static bool is_nothing(const struct coil_type *function)
{
    const struct coil_parameter *only = function->parameters;

    return only && !only->next && !only->name && !function->variadic && coil_type_is_void(only->type);
}

/* parameters = ")" | "void" ")" | parameter ("," parameter)* ("," "...")? ")" */
static struct coil_type *parse_parameters(struct coil_parser *parser, struct coil_type *result)
{
    struct coil_type *function = coil_type_new(parser->arena, COIL_KIND_FUNCTION, result);
    struct coil_parameter **last = &function->parameters;
    bool allowed = parser->allows_compiled_length;

    if (coil_token_is(parser->token, "void") && coil_token_is(&parser->token[1], ")"))
        parser->token++;
    if (coil_parse_accept(parser, ")"))
        return function;
    parser->allows_compiled_length = false;
    do {
        if (function->parameters && coil_parse_accept(parser, "...")) {
            function->variadic = true;
            break;
        }
        struct coil_parameter *parameter = parse_parameter(parser);

        check_parameter(parser, function, parameter);
        *last = parameter;
        if (function->depth <= parameter->type->depth)
            function->depth = parameter->type->depth + 1;
        last = &parameter->next;
    } while (coil_parse_accept(parser, ","));
    parser->allows_compiled_length = allowed;
    coil_parse_expect(parser, ")", "after the parameters");
    if (is_nothing(function))
        function->parameters = NULL;
    for (const struct coil_parameter *p = function->parameters; p; p = p->next)
        if (coil_type_is_void(p->type))
            coil_refuse_at(parser->diagnostics, p->position, "a parameter cannot be void: remove it, or write void *");
    return function;
}

/* length = "]" | "..." "]" | ("static" | qualifier)* expression "]" */
static struct coil_type *parse_length(struct coil_parser *parser)
{
    struct coil_type *array = coil_type_new(parser->arena, COIL_KIND_ARRAY, NULL);
    const struct coil_token *first;
    struct coil_number number;

    while (coil_token_is(parser->token, "static") || coil_parse_qualifier(parser->token) ||
           coil_parse_is_ignored(parser, parser->token))
        parser->token++;
    first = parser->token;
    if (coil_parse_accept(parser, "]")) {
        array->length_kind = COIL_LENGTH_OPEN;
        return array;
    }
    if (coil_token_is(parser->token, "...")) {
        if (!parser->allows_compiled_length)
            coil_parse_refuse(parser, "[...] is possible for fields, variables and typedefs only: write the length");
        parser->token++;
        array->length_kind = COIL_LENGTH_COMPILED;
    } else {
        number = coil_parse_known(parser);
        if (coil_number_is_negative(number) || number.bits > INT32_MAX)
            coil_refuse_at(parser->diagnostics, first->position, "an array cannot have %lld items",
                           (long long)number.bits);
        array->length = number.bits;
    }
    coil_parse_expect(parser, "]", "after the array's length");
    return array;
}

/* suffixes = ("[" length | "(" parameters)* */
static struct coil_type *parse_suffixes(struct coil_parser *parser, struct coil_type *type)
{
    const struct coil_token *first = parser->token;
    struct coil_type *array;

    if (coil_parse_accept(parser, "[")) {
        array = parse_length(parser);
        coil_parse_enter(parser);
        array->item = parse_suffixes(parser, type);
        coil_parse_leave(parser);
        array->depth = array->item->depth + 1;
        if (coil_type_strip(array->item)->kind == COIL_KIND_FUNCTION)
            coil_refuse_at(parser->diagnostics, first->position,
                           "an array cannot hold functions: write (*name[])(...) for pointers to functions");
        if (coil_type_is_void(array->item))
            coil_refuse_at(parser->diagnostics, first->position, "an array cannot hold void");
        if (coil_type_strip(array->item)->kind == COIL_KIND_ARRAY &&
            coil_type_strip(array->item)->length_kind == COIL_LENGTH_OPEN)
            coil_refuse_at(parser->diagnostics, first->position, "only the first length of an array may be left out");
        return array;
    }
    if (coil_parse_accept(parser, "(")) {
        if (coil_type_strip(type)->kind == COIL_KIND_ARRAY || coil_type_strip(type)->kind == COIL_KIND_FUNCTION)
            coil_refuse_at(parser->diagnostics, first->position, "a function cannot return %s",
                           coil_type_strip(type)->kind == COIL_KIND_ARRAY ? "an array" : "a function");
        type = parse_parameters(parser, type);
        if (coil_token_is(parser->token, "[") || coil_token_is(parser->token, "("))
            coil_parse_refuse(parser, "a function cannot return %s",
                              coil_token_is(parser->token, "[") ? "an array" : "a function");
    }
    return type;
}

/* Whether "(" opens a declarator in parentheses, not parameters. */
static bool is_nested(struct coil_parser *parser)
{
    const struct coil_token *next = &parser->token[1];

    if (!coil_token_is(parser->token, "("))
        return false;
    if (coil_token_is(next, "*") || coil_token_is(next, "(") || coil_parse_is_convention(next))
        return true;
    return next->kind == COIL_TOKEN_WORD && !coil_is_keyword(next->text) && !coil_parse_is_type(parser, next);
}

/* "(" declarator ")" suffixes */
static struct coil_declarator parse_nested(struct coil_parser *parser, struct coil_type *type)
{
    const struct coil_token *first = parser->token;
    bool allowed = parser->allows_compiled_length;
    struct coil_declarator declarator;
    const struct coil_token *end;

    coil_parse_skip_parentheses(parser);
    parser->allows_compiled_length = false;
    type = parse_suffixes(parser, type);
    parser->allows_compiled_length = allowed;
    end = parser->token;
    parser->token = first + 1;
    declarator = coil_parse_declarator(parser, type);
    coil_parse_expect(parser, ")", "here");
    parser->token = end;
    return declarator;
}

/* inner = ("*" qualifier*)* ("(" declarator ")" | name?) suffixes */
static struct coil_declarator parse_inner(struct coil_parser *parser, struct coil_type *type)
{
    struct coil_declarator declarator = { 0 };

    for (;;) {
        if (coil_parse_accept(parser, "*")) {
            unsigned qualifiers = 0;

            type = coil_type_new(parser->arena, COIL_KIND_POINTER, type);
            for (; coil_parse_qualifier(parser->token) || coil_parse_is_ignored(parser, parser->token); parser->token++)
                qualifiers |= coil_parse_qualifier(parser->token);
            type = coil_type_qualify(parser->arena, type, qualifiers);
        } else if (coil_parse_is_ignored(parser, parser->token)) {
            parser->token++;
        } else {
            break;
        }
    }
    if (is_nested(parser))
        return parse_nested(parser, type);
    declarator.position = parser->token->position;
    if (parser->token->kind == COIL_TOKEN_WORD && !coil_is_keyword(parser->token->text))
        declarator.name = parser->token++->text;
    declarator.type = parse_suffixes(parser, type);
    return declarator;
}

/* declarator = inner */
struct coil_declarator coil_parse_declarator(struct coil_parser *parser, struct coil_type *type)
{
    struct coil_declarator declarator;

    coil_parse_enter(parser);
    declarator = parse_inner(parser, type);
    coil_parse_leave(parser);
    /* Typedefs upon typedefs, or stars upon stars. */
    if (declarator.type->depth > COIL_TYPE_DEPTH_MAX)
        coil_refuse_at(parser->diagnostics, declarator.position,
                       "this type is nested too deeply: more than %d levels are not supported", COIL_TYPE_DEPTH_MAX);
    return declarator;
}
