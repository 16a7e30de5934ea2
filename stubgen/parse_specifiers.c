/*
 * Specifiers: what stands before the declarators of a declaration, and gives the type on the
 * left.  The words of built-in types are counted, because C takes them in any order;
 * whatever is no word is the name of a type.
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

bool coil_parse_is_convention(const struct coil_token *token)
{
    return coil_token_is(token, "__stdcall") || coil_token_is(token, "WINAPI") || coil_token_is(token, "__cdecl");
}

/* Words that change nothing about a declaration as seen from outside. */
bool coil_parse_is_ignored(const struct coil_parser *parser, const struct coil_token *token)
{
    static const char *const ignored[] = { "inline",   "__inline",   "__inline__",   "_Noreturn",    "register",
                                           "restrict", "__restrict", "__restrict__", "__extension__" };

    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        if (coil_token_is(token, ignored[i]))
            return true;
    return coil_parse_is_convention(token) ||
           (parser->section->kind == COIL_SECTION_CDEF && coil_token_is(token, "_Thread_local")) ||
           (parser->section->kind == COIL_SECTION_HEADER &&
            (coil_token_is(token, "CFFI_DLLEXPORT") || coil_token_is(token, "COIL_EXPORT")));
}

unsigned coil_parse_qualifier(const struct coil_token *token)
{
    if (coil_token_is(token, "const") || coil_token_is(token, "__const"))
        return COIL_QUALIFIER_CONST;
    return coil_token_is(token, "volatile") || coil_token_is(token, "__volatile__") ? COIL_QUALIFIER_VOLATILE : 0;
}

static unsigned *word_counter(struct words *words, const struct coil_token *token)
{
    const struct {
        const char *word;
        unsigned *counter;
    } counters[] = {
        { "signed", &words->is_signed },     { "unsigned", &words->is_unsigned }, { "short", &words->is_short },
        { "long", &words->is_long },         { "int", &words->is_int },           { "char", &words->is_char },
        { "float", &words->is_float },       { "double", &words->is_double },     { "_Complex", &words->is_complex },
        { "__signed__", &words->is_signed },
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
            w->is_float + w->is_double != 1 || w->is_complex > 1 || w->is_long > 1 || (w->is_long && !w->is_double) ||
            (w->is_long && w->is_complex))
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
    struct words words = { 0 };

    return is_tag_keyword(token) || coil_parse_qualifier(token) || word_counter(&words, token) ||
           coil_parse_is_ignored(parser, token) || find_type_name(parser, token);
}

const struct coil_annotation *coil_parse_annotation(const struct coil_parser *parser, const struct coil_token *first)
{
    struct coil_annotation *annotations = NULL;
    struct coil_annotation **last = &annotations;

    for (; first <= parser->token; first++)
        for (struct coil_annotation *a = first->annotation; a; a = a->next) {
            if (a->is_taken)
                continue;
            a->is_taken = true;
            *last = coil_arena_take(parser->arena, sizeof **last);
            **last = *a;
            (*last)->next = NULL;
            last = &(*last)->next;
        }
    return annotations;
}

static _Noreturn void refuse_unknown_type(struct coil_parser *parser)
{
    const struct coil_token *token = parser->token;
    struct coil_name *name = token->kind == COIL_TOKEN_WORD ? coil_module_find(parser->module, token->text) : NULL;

    if (coil_token_is(token, "__attribute__") || coil_token_is(token, "_Alignas") || coil_token_is(token, "alignas"))
        coil_parse_refuse(parser, "attributes have no place in declarations: they belong in the C source");
    if (coil_token_is(token, "_Atomic"))
        coil_parse_refuse(parser, "_Atomic types are not supported");
    if (name)
        coil_parse_refuse(parser, "expected a type instead of '%s', which is not one", token->text);
    if (token->kind == COIL_TOKEN_WORD && !coil_is_keyword(token->text) && token[1].kind == COIL_TOKEN_PUNCTUATOR &&
        coil_token_is(&token[1], "("))
        coil_parse_refuse(parser, "'%s' has no type in front of it", token->text);
    if (token->kind == COIL_TOKEN_WORD && !coil_is_keyword(token->text))
        coil_parse_refuse(parser, "unknown type '%s': declare it before it is used, for instance as typedef ... %s;",
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
static void parse_unknown(struct coil_parser *parser, struct coil_specifiers *specifiers, const struct words *words)
{
    struct coil_type *type;

    if (!specifiers->is_typedef || specifiers->type)
        coil_parse_refuse(parser, "'...' has no meaning here: it ends structs, enums and lists of parameters, and "
                                  "stands in typedef ... t; typedef int... t; and [...]");
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
    if (parser->token->kind != COIL_TOKEN_WORD)
        coil_parse_refuse(parser, "expected a new type's name after '...' instead of %s", coil_parse_found(parser));
    specifiers->type = type;
}

void coil_parse_skip_parentheses(struct coil_parser *parser)
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

/* "int char": the words of a type, from `first` up to the next token. */
static const char *words_text(struct coil_parser *parser, const struct coil_token *first)
{
    struct coil_buffer text = COIL_BUFFER_INIT(parser->arena);

    for (const struct coil_token *token = first; token < parser->token; token++)
        coil_buffer_printf(&text, "%s%s", token == first ? "" : " ", token->text);
    return text.text;
}

/* specifiers = (storage | qualifier | word+ | type name | record | enumeration | "...")+ */
struct coil_specifiers coil_parse_specifiers(struct coil_parser *parser)
{
    struct coil_specifiers specifiers = { .position = parser->token->position };
    const struct coil_token *first_word = NULL;
    struct words words = { 0 };
    unsigned qualifiers = 0;

    for (;; parser->token++) {
        const struct coil_token *token = parser->token;
        bool has_type = specifiers.type || words.count > 0;

        if (coil_parse_qualifier(token)) {
            qualifiers |= coil_parse_qualifier(token);
        } else if (coil_token_is(token, "typedef")) {
            specifiers.is_typedef = true;
        } else if (coil_token_is(token, "static")) {
            specifiers.is_static = true;
        } else if (coil_token_is(token, "extern")) {
            specifiers.is_extern = true;
        } else if (coil_parse_is_ignored(parser, token)) {
            continue;
        } else if (coil_token_is(token, "_Alignas") && coil_token_is(&token[1], "(")) {
            /* CFFI ignores it, too. */
            parser->token++;
            coil_parse_skip_parentheses(parser);
            parser->token--;
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
                coil_parse_refuse(parser, "two types in one declaration: is there a ';' or ',' missing before '%s'?",
                                  token->text);
            break;
        } else if (is_tag_keyword(token)) {
            specifiers.type = coil_token_is(token, "enum") ? coil_parse_enumeration(parser) : coil_parse_record(parser);
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
                           "'%s' is no type that is supported: is there a word too many, or a ';' or ',' missing?",
                           words_text(parser, first_word));
        specifiers.type = coil_primitive_find(parser->module, name);
    }
    if (specifiers.type)
        specifiers.type = coil_type_qualify(parser->arena, specifiers.type, qualifiers);
    return specifiers;
}
