/*
 * Declarations' two halves: the specifiers, which give the type on the left,
 * and the declarator, which wraps it inside out around the name.
 *
 * For a parenthesised declarator the parser first steps over it to read what
 * follows, then goes back: `int (*f)(void)` is read as "a function (void)
 * returning int" and then "a pointer f to that".
 */
#include <string.h>

#include "proto/descriptor.h"
#include "stubgen/parser.h"

/* How often each word of a built-in type has been seen. */
struct words {
    unsigned is_signed, is_unsigned, is_short, is_long, is_int, is_char, is_float, is_double, is_complex;
    const char *single; /* void, _Bool or a name such as size_t */
    unsigned count;
};

static bool is_calling_convention(const struct coil_token *token)
{
    return coil_token_is(token, "__stdcall") || coil_token_is(token, "WINAPI") ||
           coil_token_is(token, "__cdecl");
}

/* Words that change nothing about a declaration as seen from outside. */
static bool is_ignored(const struct coil_parser *parser, const struct coil_token *token)
{
    static const char *const ignored[] = {"inline",     "__inline",     "__inline__",
                                          "_Noreturn",  "register",     "restrict",
                                          "__restrict", "__restrict__", "__extension__"};

    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        if (coil_token_is(token, ignored[i]))
            return true;
    return is_calling_convention(token) ||
           (parser->section->kind == COIL_SECTION_HEADER &&
            (coil_token_is(token, "CFFI_DLLEXPORT") || coil_token_is(token, "COIL_EXPORT")));
}

static unsigned qualifier_of(const struct coil_token *token)
{
    if (coil_token_is(token, "const") || coil_token_is(token, "__const"))
        return COIL_QUALIFIER_CONST;
    return coil_token_is(token, "volatile") || coil_token_is(token, "__volatile__") ? COIL_QUALIFIER_VOLATILE
                                                                                    : 0;
}

static unsigned *word_counter(struct words *words, const struct coil_token *token)
{
    const struct {
        const char *word;
        unsigned *counter;
    } counters[] = {
        {"signed", &words->is_signed},    {"unsigned", &words->is_unsigned},
        {"short", &words->is_short},      {"long", &words->is_long},
        {"int", &words->is_int},          {"char", &words->is_char},
        {"float", &words->is_float},      {"double", &words->is_double},
        {"_Complex", &words->is_complex}, {"__signed__", &words->is_signed},
    };

    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
        if (coil_token_is(token, counters[i].word))
            return counters[i].counter;
    return NULL;
}

/* The canonical spelling of what was counted, or NULL if the words do not go together. */
static const char *spelling(const struct words *w)
{
    bool plain = !w->is_short && !w->is_long && !w->is_signed && !w->is_unsigned;

    if (w->is_signed + w->is_unsigned > 1 || w->is_int > 1 || w->is_char + w->is_int > 1 || w->is_short > 1 ||
        w->is_long > 2 || (w->is_short && w->is_long))
        return NULL;
    if (w->is_float || w->is_double || w->is_complex) {
        if (w->is_signed || w->is_unsigned || w->is_int || w->is_char || w->is_short ||
            w->is_float + w->is_double != 1 || w->is_complex > 1 || w->is_long > 1 ||
            (w->is_long && !w->is_double) || (w->is_long && w->is_complex))
            return NULL;
        if (w->is_complex)
            return w->is_float ? "float _Complex" : "double _Complex";
        return w->is_float ? "float" : w->is_long ? "long double" : "double";
    }
    if (w->is_char) {
        if (w->is_short || w->is_long)
            return NULL;
        return plain ? "char" : w->is_signed ? "signed char" : "unsigned char";
    }
    if (w->is_short)
        return w->is_unsigned ? "unsigned short" : "short";
    if (w->is_long == 2)
        return w->is_unsigned ? "unsigned long long" : "long long";
    if (w->is_long)
        return w->is_unsigned ? "unsigned long" : "long";
    return w->is_unsigned ? "unsigned int" : "int";
}

/* A primitive type that is one word, or a typedef. */
static struct coil_type *find_type_name(struct coil_parser *parser, const struct coil_token *token)
{
    struct coil_name *name;
    struct coil_type *type;

    if (token->kind != COIL_TOKEN_WORD)
        return NULL;
    name = coil_module_find(parser->module, token->text);
    if (name) {
        if (name->kind != COIL_NAME_TYPEDEF)
            return NULL;
        type = coil_type_new(parser->arena, COIL_KIND_TYPEDEF, name->type);
        type->name = name->name;
        return type;
    }
    if (coil_token_is(token, "void") || coil_token_is(token, "_Bool") || strstr(token->text, "_t"))
        return coil_primitive_find(parser->module, token->text);
    return NULL;
}

static bool is_tag_keyword(const struct coil_token *token)
{
    return coil_token_is(token, "struct") || coil_token_is(token, "union") || coil_token_is(token, "enum");
}

bool coil_parse_is_type(struct coil_parser *parser, const struct coil_token *token)
{
    struct words words = {0};

    return is_tag_keyword(token) || qualifier_of(token) || word_counter(&words, token) ||
           is_ignored(parser, token) || find_type_name(parser, token);
}

const struct coil_annotation *coil_parse_annotation(const struct coil_parser *parser,
                                                    const struct coil_token *first)
{
    const struct coil_annotation *annotation = NULL;

    /* What stands before the first token belongs to what came before it. */
    for (first++; first <= parser->token; first++)
        if (first->annotation)
            annotation = first->annotation;
    return annotation;
}

static _Noreturn void refuse_unknown_type(struct coil_parser *parser)
{
    const struct coil_token *token = parser->token;
    struct coil_name *name =
        token->kind == COIL_TOKEN_WORD ? coil_module_find(parser->module, token->text) : NULL;

    if (coil_token_is(token, "__attribute__") || coil_token_is(token, "_Alignas") ||
        coil_token_is(token, "alignas"))
        coil_parse_refuse(parser, "attributes have no place in declarations: they belong in the C source");
    if (coil_token_is(token, "_Atomic"))
        coil_parse_refuse(parser, "_Atomic types are not supported");
    if (name)
        coil_parse_refuse(parser, "expected a type instead of '%s', which is not one", token->text);
    if (token->kind == COIL_TOKEN_WORD && !coil_is_keyword(token->text) &&
        token[1].kind == COIL_TOKEN_PUNCTUATOR && coil_token_is(&token[1], "("))
        coil_parse_refuse(parser, "'%s' has no type in front of it", token->text);
    if (token->kind == COIL_TOKEN_WORD && !coil_is_keyword(token->text))
        coil_parse_refuse(parser,
                          "unknown type '%s': declare it before it is used, for instance as typedef ... %s;",
                          token->text, token->text);
    coil_parse_refuse(parser, "expected a declaration instead of %s", coil_parse_found(parser));
}

/* Whether the next token adds to the words of a built-in type. */
static bool parse_word(struct coil_parser *parser, struct words *words)
{
    unsigned *counter = word_counter(words, parser->token);

    if (!counter)
        return false;
    ++*counter;
    words->count++;
    parser->token++;
    return true;
}

/* typedef int... t; typedef float... t; typedef ... t; typedef ... *t; */
static void parse_unknown(struct coil_parser *parser, struct coil_specifiers *specifiers,
                          const struct words *words)
{
    struct coil_type *type;

    if (!specifiers->is_typedef || specifiers->type)
        coil_parse_refuse(parser, "'...' has no meaning here");
    parser->token++;
    if (words->count == 0) {
        specifiers->is_unknown = true;
        return;
    }
    type = coil_type_new(parser->arena, COIL_KIND_PRIMITIVE, NULL);
    type->primitive = words->is_float || words->is_double ? COIL_PRIM_SOME_REAL : COIL_PRIM_SOME_INTEGER;
    type->name = parser->token->text; /* of the typedef: it is the only name this type has */
    if (words->is_complex || (type->primitive == COIL_PRIM_SOME_REAL && words->is_long))
        coil_parse_refuse(parser, "'...' can follow integer types, float and double only");
    if (parser->token->kind != COIL_TOKEN_WORD || !coil_token_is(&parser->token[1], ";"))
        coil_parse_refuse(parser, "expected one new type's name and ';' after '...'");
    specifiers->type = type;
}

/* specifiers = (storage | qualifier | word+ | type name | record | enumeration | "...")+ */
struct coil_specifiers coil_parse_specifiers(struct coil_parser *parser)
{
    struct coil_specifiers specifiers = {.position = parser->token->position};
    const struct coil_token *first_word = NULL;
    struct words words = {0};
    unsigned qualifiers = 0;

    for (;; parser->token++) {
        const struct coil_token *token = parser->token;
        bool has_type = specifiers.type || words.count > 0;

        if (qualifier_of(token)) {
            qualifiers |= qualifier_of(token);
        } else if (coil_token_is(token, "typedef")) {
            specifiers.is_typedef = true;
        } else if (coil_token_is(token, "static")) {
            specifiers.is_static = true;
        } else if (coil_token_is(token, "extern")) {
            specifiers.is_extern = true;
        } else if (is_ignored(parser, token)) {
            continue;
        } else if (coil_token_is(token, "...")) {
            parse_unknown(parser, &specifiers, &words);
            if (!specifiers.is_unknown)
                words.count = 0;
            break;
        } else if (!specifiers.type && parse_word(parser, &words)) {
            if (!first_word)
                first_word = token;
            parser->token--;
        } else if (has_type) {
            if (is_tag_keyword(token) || word_counter(&words, token) || coil_token_is(token, "void") ||
                coil_token_is(token, "_Bool"))
                coil_parse_refuse(parser,
                                  "two types in one declaration: is there a ';' or ',' missing before '%s'?",
                                  token->text);
            break;
        } else if (is_tag_keyword(token)) {
            specifiers.type =
                coil_token_is(token, "enum") ? coil_parse_enumeration(parser) : coil_parse_record(parser);
            parser->token--;
        } else {
            specifiers.type = find_type_name(parser, token);
            if (!specifiers.type)
                refuse_unknown_type(parser);
        }
    }
    if (words.count > 0) {
        const char *name = spelling(&words);

        if (!name)
            coil_refuse_at(parser->diagnostics, first_word->position,
                           "these words do not make a type that is supported");
        specifiers.type = coil_primitive_find(parser->module, name);
    }
    if (specifiers.type)
        specifiers.type = coil_type_qualify(parser->arena, specifiers.type, qualifiers);
    return specifiers;
}

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

    if (coil_type_is_void(type))
        coil_refuse_at(parser->diagnostics, parameter->position, "a parameter cannot be void");
    if (type->kind == COIL_KIND_ARRAY && coil_type_is_incomplete(type->item))
        coil_refuse_at(parser->diagnostics, parameter->position, "an array of '%s' is not possible",
                       coil_type_name(parser->arena, type->item));
    for (const struct coil_parameter *p = function->parameters; p; p = p->next)
        if (p->name && parameter->name && strcmp(p->name, parameter->name) == 0)
            coil_refuse_at(parser->diagnostics, parameter->position, "there are two parameters called '%s'",
                           parameter->name);
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
        last = &parameter->next;
    } while (coil_parse_accept(parser, ","));
    parser->allows_compiled_length = allowed;
    coil_parse_expect(parser, ")", "after the parameters");
    return function;
}

/* length = "]" | "..." "]" | ("static" | qualifier)* expression "]" */
static struct coil_type *parse_length(struct coil_parser *parser)
{
    struct coil_type *array = coil_type_new(parser->arena, COIL_KIND_ARRAY, NULL);
    const struct coil_token *first;
    struct coil_number number;

    while (coil_token_is(parser->token, "static") || qualifier_of(parser->token) ||
           is_ignored(parser, parser->token))
        parser->token++;
    first = parser->token;
    if (coil_parse_accept(parser, "]")) {
        array->length_kind = COIL_LENGTH_OPEN;
        return array;
    }
    if (coil_token_is(parser->token, "...")) {
        if (!parser->allows_compiled_length)
            coil_parse_refuse(parser, "[...] is possible for fields, variables and typedefs only");
        parser->token++;
        array->length_kind = COIL_LENGTH_COMPILED;
    } else {
        number = coil_parse_known(parser);
        if (coil_number_is_negative(number) || number.bits > INT32_MAX)
            coil_refuse_at(parser->diagnostics, first->position, "this is not a possible length of an array");
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
        array->item = parse_suffixes(parser, type);
        if (coil_type_strip(array->item)->kind == COIL_KIND_FUNCTION)
            coil_refuse_at(parser->diagnostics, first->position,
                           "an array cannot hold functions: write (*name[])(...) for pointers to functions");
        if (coil_type_is_void(array->item))
            coil_refuse_at(parser->diagnostics, first->position, "an array cannot hold void");
        if (coil_type_strip(array->item)->kind == COIL_KIND_ARRAY &&
            coil_type_strip(array->item)->length_kind == COIL_LENGTH_OPEN)
            coil_refuse_at(parser->diagnostics, first->position,
                           "only the first length of an array may be left out");
        return array;
    }
    if (coil_parse_accept(parser, "(")) {
        if (coil_type_strip(type)->kind == COIL_KIND_ARRAY ||
            coil_type_strip(type)->kind == COIL_KIND_FUNCTION)
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
    if (coil_token_is(next, "*") || coil_token_is(next, "(") || is_calling_convention(next))
        return true;
    return next->kind == COIL_TOKEN_WORD && !coil_is_keyword(next->text) && !coil_parse_is_type(parser, next);
}

static void skip_parentheses(struct coil_parser *parser)
{
    const struct coil_token *first = parser->token;
    unsigned depth = 0;

    do {
        if (parser->token->kind == COIL_TOKEN_END)
            coil_refuse_at(parser->diagnostics, first->position, "this '(' has no ')'");
        if (coil_token_is(parser->token, "("))
            depth++;
        else if (coil_token_is(parser->token, ")"))
            depth--;
        parser->token++;
    } while (depth > 0);
}

/* "(" declarator ")" suffixes */
static struct coil_declarator parse_nested(struct coil_parser *parser, struct coil_type *type)
{
    const struct coil_token *first = parser->token;
    bool allowed = parser->allows_compiled_length;
    struct coil_declarator declarator;
    const struct coil_token *end;

    skip_parentheses(parser);
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

/* declarator = ("*" qualifier*)* ("(" declarator ")" | name?) suffixes */
struct coil_declarator coil_parse_declarator(struct coil_parser *parser, struct coil_type *type)
{
    struct coil_declarator declarator = {0};

    for (;;) {
        if (coil_parse_accept(parser, "*")) {
            unsigned qualifiers = 0;

            type = coil_type_new(parser->arena, COIL_KIND_POINTER, type);
            for (; qualifier_of(parser->token) || is_ignored(parser, parser->token); parser->token++)
                qualifiers |= qualifier_of(parser->token);
            type = coil_type_qualify(parser->arena, type, qualifiers);
        } else if (is_ignored(parser, parser->token)) {
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
