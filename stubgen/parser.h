/* The parser: from texts to a module.  parse.c is the entry; the other parse_*.c are its parts. */
#ifndef STUBGEN_PARSER_H
#define STUBGEN_PARSER_H

#include "stubgen/module.h"

/* Adds a section's declarations to the module.  Refuses what is not understood (source.h). */
void coil_parse(struct coil_module_model *module, const struct coil_section *section);

#define COIL_TYPE_DEPTH_MAX 1000 /* types within each other: later passes walk them recursively */

/* Within the parser. */
struct coil_parser {
    struct coil_module_model *module;
    struct coil_arena *arena;
    struct coil_diagnostics *diagnostics;
    const struct coil_section *section;
    const struct coil_token *token;  /* the next one */
    const struct coil_record *outer; /* the struct whose braces we are in, or NULL */
    enum coil_linkage linkage;       /* of functions that are declared now */
    bool allows_compiled_length;     /* [...] has a meaning in the declarator that is parsed now */
    bool in_python_block;            /* between the braces of extern "Python" { } */
    const struct coil_token *start;  /* of the declaration, if that is before its specifiers; or NULL */
    struct coil_list conditions;     /* open #if and #ifdef lines (parse_directive.c) */
    struct coil_table macros;        /* what a header has #defined without a value */
    unsigned pack;                   /* as the section has it, or a #pragma pack in it */
    struct coil_list packs;          /* what #pragma pack(push) has put away: unsigned */
    unsigned depth;                  /* of parentheses, braces and the like around the next token */
};

/* What stands before the declarators of a declaration. */
struct coil_specifiers {
    struct coil_type *type;
    bool is_typedef;
    bool is_static;
    bool is_extern;
    bool is_unknown; /* typedef ... t: `type` is NULL */
    struct coil_position position;
};

struct coil_declarator {
    struct coil_type *type;
    const char *name;              /* NULL: there is none */
    struct coil_position position; /* of the name, or of where it would be */
};

/* parse_declarator.c */
struct coil_declarator coil_parse_declarator(struct coil_parser *parser, struct coil_type *base);

/* parse_specifiers.c */
struct coil_specifiers coil_parse_specifiers(struct coil_parser *parser);
bool coil_parse_is_type(struct coil_parser *parser, const struct coil_token *token);
bool coil_parse_is_convention(const struct coil_token *token); /* __stdcall and its like */
/* Words that change nothing about a declaration as seen from outside. */
bool coil_parse_is_ignored(const struct coil_parser *parser, const struct coil_token *token);
unsigned coil_parse_qualifier(const struct coil_token *token); /* COIL_QUALIFIER_*, or 0 */
void coil_parse_skip_parentheses(struct coil_parser *parser);  /* the next token is "(" */
/* All annotations from `first` up to the next token that nothing within has taken, or NULL; they are taken now. */
const struct coil_annotation *coil_parse_annotation(const struct coil_parser *parser, const struct coil_token *first);

/* parse_record.c: the next token is struct, union or enum */
struct coil_type *coil_parse_record(struct coil_parser *parser);
struct coil_type *coil_parse_enumeration(struct coil_parser *parser);

/* parse_expression.c: a constant; its value may be unknown where only the compiler knows it */
struct coil_number coil_parse_expression(struct coil_parser *parser);
struct coil_number coil_parse_known(struct coil_parser *parser); /* refuses unknown values */
bool coil_number_is_negative(struct coil_number number);

/* parse_directive.c: the next token is a preprocessor line */
void coil_parse_directive(struct coil_parser *parser);
void coil_parse_directives_end(struct coil_parser *parser);

/*
 * Around each function that can call itself: refuses what is nested deeper than any declaration, instead of
 * running out of stack.
 */
void coil_parse_enter(struct coil_parser *parser);
static inline void coil_parse_leave(struct coil_parser *parser)
{
    parser->depth--;
}

/* Steps over `text` if it is next. */
bool coil_parse_accept(struct coil_parser *parser, const char *text);
/* The same, or a refusal: "expected ';' after this declaration". */
void coil_parse_expect(struct coil_parser *parser, const char *text, const char *where);
_Noreturn void coil_parse_refuse(struct coil_parser *parser, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* How messages name the next token. */
const char *coil_parse_found(struct coil_parser *parser);

#endif
