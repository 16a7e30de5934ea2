/*
 * Compiling lengths.
 *
 * An expression is over integer parameters or fields, integers that these point to,
 * constants and sizes of types.  It becomes a small program in reverse Polish notation
 * (proto/descriptor.h), which the client and the worker run with checked
 * arithmetic (proto/expression.c).  Each function that parses is headed by its
 * rule.  Constants and sizes are left to the C compiler; what is known without it is computed on the way, because a
 * length that is always negative is a mistake.  All memory is the arena's.
 */
#include "stubgen/length.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/descriptor.h"
#include "stubgen/emit.h"
#include "stubgen/parser.h"

/* A value on the stack, if it is known here. */
struct folded {
    bool is_known;
    int64_t value;
};

struct compiler {
    struct coil_module_model *module;
    struct coil_arena *arena;
    const struct coil_group *group;
    bool is_after;
    const struct coil_token *token; /* the next one; a ")" ends the expression */
    struct coil_position start;     /* of the expression */
    unsigned depth;                 /* values on the stack */
    struct folded stack[COIL_EXPRESSION_DEPTH_MAX + 1];
    unsigned nesting; /* of parentheses and signs */
    struct coil_length_program *length;
};

#define NESTING_MAX 64u

static void compile_sum(struct compiler *c);

static struct coil_length_step *add(struct compiler *c, const char *operation, const char *operand)
{
    struct coil_length_step *step = coil_arena_take(c->arena, sizeof *step);

    step->operation = operation;
    step->operand = operand;
    coil_list_add(&c->length->steps, c->arena, step);
    return step;
}

static void push(struct compiler *c, const char *operation, const char *operand, const struct coil_member *member)
{
    struct coil_length_step *step = add(c, operation, operand);

    if (member) {
        step->value = member->passage;
        step->comment = member->name;
        c->length->uses[member - c->group->members] = true;
    }
    c->stack[c->depth].is_known = false;
    if (++c->depth > COIL_EXPRESSION_DEPTH_MAX)
        coil_refuse_at(c->module->diagnostics, c->start,
                       "this expression is too long: write it with fewer parentheses");
}

/* The value that was pushed last is this one. */
static void know(struct compiler *c, int64_t value)
{
    c->stack[c->depth - 1] = (struct folded){ true, value };
}

/* What an operation makes of two values; those that overflow, or divide by zero, are left to whoever runs them. */
static struct folded fold(const char *operation, const struct folded *a, const struct folded *b)
{
    struct folded result = { a->is_known && b->is_known, 0 };
    bool overflow = false;

    if (!result.is_known)
        return result;
    if (strcmp(operation, "ADD") == 0)
        overflow = __builtin_add_overflow(a->value, b->value, &result.value);
    else if (strcmp(operation, "SUBTRACT") == 0)
        overflow = __builtin_sub_overflow(a->value, b->value, &result.value);
    else if (strcmp(operation, "MULTIPLY") == 0)
        overflow = __builtin_mul_overflow(a->value, b->value, &result.value);
    else if (b->value == 0 || (a->value == INT64_MIN && b->value == -1))
        overflow = true;
    else
        result.value = a->value / b->value;
    result.is_known = !overflow;
    return result;
}

static void combine(struct compiler *c, const char *operation)
{
    (void)add(c, operation, "0");
    c->depth--;
    c->stack[c->depth - 1] = fold(operation, &c->stack[c->depth - 1], &c->stack[c->depth]);
}

static bool accept(struct compiler *c, const char *text)
{
    if (!coil_token_is(c->token, text))
        return false;
    c->token++;
    return true;
}

static _Noreturn void refuse_expected(struct compiler *c, const char *what)
{
    coil_refuse_at(c->module->diagnostics, c->token->position, "expected %s instead of '%s'", what,
                   c->token->kind == COIL_TOKEN_END ? "]" : c->token->text);
}

/* "'n' and 'cap'": the members that could have been meant. */
static const char *integers_there(const struct compiler *c, bool pointed_to)
{
    struct coil_buffer text = COIL_BUFFER_INIT(c->arena);

    if (c->group->is_alone)
        return "nothing is beside a variable, so its length is a constant";
    for (size_t i = 0; i < c->group->count; i++) {
        const struct coil_member *m = &c->group->members[i];
        struct coil_type *type = coil_type_strip(m->type);
        const struct coil_marks *marks = &m->marks;

        if (pointed_to && (coil_marks_say(marks, COIL_WORD_COUNTED_BY) || coil_marks_say(marks, COIL_WORD_SIZED_BY)))
            continue; /* an array */
        if (!m->name || (pointed_to != (type->kind == COIL_KIND_POINTER)) ||
            !coil_type_is_integer(pointed_to ? type->item : type) || (!pointed_to && !coil_member_is_countable(m)))
            continue;
        coil_buffer_printf(&text, "%s'%s%s'", text.size ? ", " : "", pointed_to ? "*" : "", m->name);
    }
    if (text.size == 0)
        return coil_arena_printf(c->arena,
                                 pointed_to ? "no %2$s of %1$s leads to one integer" : "%1$s has no integer %2$s",
                                 c->group->owner, c->group->member_words);
    return coil_arena_printf(c->arena, "%s has %s", c->group->owner, text.text);
}

static const struct coil_member *find_member(const struct compiler *c, const char *name)
{
    for (size_t i = 0; i < c->group->count; i++)
        if (c->group->members[i].name && strcmp(c->group->members[i].name, name) == 0)
            return &c->group->members[i];
    return NULL;
}

static bool is_countable(struct coil_type *type)
{
    return coil_type_is_integer(type) || coil_type_strip(type)->kind == COIL_KIND_ENUM;
}

/* number, with C's suffixes */
static void compile_number(struct compiler *c)
{
    const char *text = c->token->text;
    unsigned long long value;
    char *end;

    errno = 0;
    value = strtoull(text, &end, 0);
    end += strspn(end, "uUlL");
    if (*end || errno || value > INT64_MAX)
        coil_refuse_at(c->module->diagnostics, c->token->position, "'%s' is no integer that a length can be made of",
                       text);
    c->token++;
    push(c, "CONSTANT", coil_arena_printf(c->arena, value > INT32_MAX ? "INT64_C(%llu)" : "%llu", value), NULL);
    know(c, (int64_t)value);
}

/* "sizeof" "(" type ")" */
static void compile_sizeof(struct compiler *c)
{
    struct coil_parser *parser = coil_arena_take(c->arena, sizeof *parser);
    struct coil_position position = c->token->position;
    struct coil_specifiers specifiers;
    struct coil_type *type, *inner;

    c->token++;
    if (!accept(c, "("))
        refuse_expected(c, "'(' after 'sizeof'");
    parser->module = c->module;
    parser->arena = c->arena;
    parser->diagnostics = c->module->diagnostics;
    parser->section = position.section;
    parser->token = c->token;
    if (!coil_parse_is_type(parser, c->token))
        refuse_expected(c, "a type that is declared, as in sizeof(int),");
    specifiers = coil_parse_specifiers(parser);
    type = specifiers.type ? coil_parse_declarator(parser, specifiers.type).type : NULL;
    c->token = parser->token;
    if (!accept(c, ")"))
        refuse_expected(c, "')' after this type");
    /* A struct that is mentioned here for the first time has no name in C, and no size. */
    for (inner = type ? coil_type_strip(type) : NULL;
         inner && (inner->kind == COIL_KIND_POINTER || inner->kind == COIL_KIND_ARRAY);)
        inner = coil_type_strip(inner->item);
    if (!inner || inner->kind == COIL_KIND_FUNCTION || (inner->kind == COIL_KIND_RECORD && !inner->record->c_name) ||
        (inner->kind == COIL_KIND_ENUM && !inner->enumeration->c_name) || coil_type_is_incomplete(type))
        coil_refuse_at(c->module->diagnostics, position, "the size of this type is not known: declare it first");
    if (inner == coil_type_strip(type) && inner->kind == COIL_KIND_RECORD && inner->record->layout)
        push(c, "CONSTANT", coil_arena_printf(c->arena, "%llu", (unsigned long long)inner->record->layout->size), NULL);
    else
        push(c, "CONSTANT",
             coil_arena_printf(c->arena, "(int64_t)sizeof(%s)", coil_type_name(c->arena, coil_type_unqualified(type))),
             NULL);
}

/* A declared constant: the compiler knows its value. */
static bool compile_constant(struct compiler *c)
{
    struct coil_name *name = coil_module_find(c->module, c->token->text);
    const char *value;

    if (!name || name->kind != COIL_NAME_INTEGER)
        return false;
    if (name->known || name->is_asserted)
        value = coil_emit_number(c->arena, name->number);
    else
        value = name->enumeration ? coil_emit_enumerator(c->module, name->enumeration, name->name) : name->name;
    push(c, "CONSTANT", coil_arena_printf(c->arena, "(int64_t)(%s)", value), NULL);
    if (name->number.is_known && (coil_number_is_negative(name->number) || name->number.bits <= INT64_MAX))
        know(c, (int64_t)name->number.bits);
    c->token++;
    return true;
}

/* name, of an integer beside it or of a constant */
static void compile_name(struct compiler *c)
{
    const struct coil_member *m = find_member(c, c->token->text);

    if (!m) {
        if (compile_constant(c))
            return;
        if (c->group->is_alone)
            coil_refuse_at(c->module->diagnostics, c->token->position, "'%s' is not a constant: %s", c->token->text,
                           integers_there(c, false));
        coil_refuse_at(c->module->diagnostics, c->token->position, "'%s' is neither a %s of %s nor a constant: %s",
                       c->token->text, c->group->member_words, c->group->owner, integers_there(c, false));
    }
    if (!coil_member_is_countable(m)) {
        struct coil_type *type = coil_type_strip(m->type);

        if (type->kind == COIL_KIND_POINTER && is_countable(type->item))
            coil_refuse_at(c->module->diagnostics, c->token->position, "'%s' is a pointer to an integer: write *%s",
                           m->name, m->name);
        if (is_countable(type))
            coil_refuse_at(c->module->diagnostics, c->token->position,
                           "'%s' is %s, and a length cannot be read from it: %s", m->name,
                           m->is_in_union ? "in a union" : "a bit-field", integers_there(c, false));
        coil_refuse_at(c->module->diagnostics, c->token->position, "'%s' is '%s' and no integer: %s", m->name,
                       coil_type_name(c->arena, m->type), integers_there(c, false));
    }
    c->token++;
    push(c, "PARAMETER", NULL, m);
}

/* "*" name, of a pointer to one integer */
static void compile_dereference(struct compiler *c)
{
    const struct coil_token *token = ++c->token;
    const struct coil_member *m = token->kind == COIL_TOKEN_WORD ? find_member(c, token->text) : NULL;
    const struct coil_marks *marks;
    struct coil_type *type;

    if (token->kind != COIL_TOKEN_WORD)
        refuse_expected(c, coil_arena_printf(c->arena, "a %s's name after '*'", c->group->member_words));
    if (!m)
        coil_refuse_at(c->module->diagnostics, token->position, "'%s' is not a %s of %s: %s", token->text,
                       c->group->member_words, c->group->owner, integers_there(c, true));
    type = coil_type_strip(m->type);
    if (type->kind != COIL_KIND_POINTER || !is_countable(type->item) || m->is_in_union)
        coil_refuse_at(c->module->diagnostics, token->position, "'%s' is '%s' and no pointer to an integer: %s",
                       m->name, coil_type_name(c->arena, m->type), integers_there(c, true));
    marks = &m->marks;
    if (coil_marks_say(marks, COIL_WORD_COUNTED_BY) || coil_marks_say(marks, COIL_WORD_SIZED_BY))
        coil_refuse_at(c->module->diagnostics, token->position, "'%s' leads to an array, and a length is one integer",
                       m->name);
    if (!coil_marks_say(marks, COIL_WORD_IN) && !coil_marks_say(marks, COIL_WORD_INOUT) &&
        !(c->is_after && coil_marks_say(marks, COIL_WORD_OUT))) {
        if (coil_marks_say(marks, COIL_WORD_OUT))
            coil_refuse_at(c->module->diagnostics, token->position,
                           "'%s' is [out]: its value is not known before the call; write [inout] there", m->name);
        coil_refuse_at(c->module->diagnostics, token->position,
                       "'%s' must say which way it goes: write \"%s /* [%s] */\" there", m->name,
                       coil_type_declare(c->arena, m->type, m->name),
                       coil_type_is_const(type->item) ? "in"
                       : c->is_after                  ? "out"
                                                      : "inout");
    }
    c->token++;
    push(c, "DEREFERENCE", NULL, m);
}

/* factor = number | "sizeof" "(" type ")" | name | "*" name | "-" factor | "(" sum ")" */
static void compile_factor(struct compiler *c)
{
    if (++c->nesting > NESTING_MAX)
        coil_refuse_at(c->module->diagnostics, c->start,
                       "this expression is too long: write it with fewer parentheses");
    if (c->token->kind == COIL_TOKEN_NUMBER) {
        compile_number(c);
    } else if (coil_token_is(c->token, "sizeof")) {
        compile_sizeof(c);
    } else if (c->token->kind == COIL_TOKEN_WORD) {
        compile_name(c);
    } else if (coil_token_is(c->token, "*")) {
        compile_dereference(c);
    } else if (accept(c, "-")) {
        push(c, "CONSTANT", "0", NULL);
        know(c, 0);
        compile_factor(c);
        combine(c, "SUBTRACT");
    } else if (accept(c, "(")) {
        compile_sum(c);
        if (!accept(c, ")"))
            refuse_expected(c, "')' in this expression");
    } else {
        refuse_expected(c, coil_arena_printf(c->arena, c->group->is_alone ? "a number" : "a %s's name or a number",
                                             c->group->member_words));
    }
    c->nesting--;
}

/* product = factor (("*" | "/") factor)* */
static void compile_product(struct compiler *c)
{
    compile_factor(c);
    while (coil_token_is(c->token, "*") || coil_token_is(c->token, "/")) {
        bool divides = coil_token_is(c->token, "/");
        const struct coil_token *divisor = ++c->token;

        compile_factor(c);
        if (divides && c->token == divisor + 1 && divisor->kind == COIL_TOKEN_NUMBER &&
            strtoull(divisor->text, NULL, 0) == 0)
            coil_refuse_at(c->module->diagnostics, divisor->position, "this divides by zero");
        combine(c, divides ? "DIVIDE" : "MULTIPLY");
    }
}

/* sum = product (("+" | "-") product)* */
static void compile_sum(struct compiler *c)
{
    compile_product(c);
    while (coil_token_is(c->token, "+") || coil_token_is(c->token, "-")) {
        bool subtracts = coil_token_is(c->token, "-");

        c->token++;
        compile_product(c);
        combine(c, subtracts ? "SUBTRACT" : "ADD");
    }
}

static struct coil_length_program *length_new(struct coil_module_model *module, const struct coil_group *group,
                                              const char *text)
{
    struct coil_length_program *length = coil_arena_take(module->arena, sizeof *length);

    length->text = text;
    length->uses = coil_arena_take(module->arena, (group->count + 1) * sizeof *length->uses);
    return length;
}

static const struct coil_length_program *compile(struct coil_module_model *module, const struct coil_group *group,
                                                 const struct coil_mark *mark, bool is_after)
{
    struct compiler c = {
        .module = module,
        .arena = module->arena,
        .group = group,
        .is_after = is_after,
        .token = mark->expression,
        .start = mark->expression->position,
        .length = length_new(module, group, mark->text),
    };

    compile_sum(&c);
    if (!coil_token_is(c.token, ")"))
        refuse_expected(&c, "an operator (+ - * /) or ')'");
    if (c.stack[0].is_known && c.stack[0].value < 0)
        coil_refuse_at(module->diagnostics, c.start, "this length is always negative (%lld)",
                       (long long)c.stack[0].value);
    return c.length;
}

void coil_length_read(struct coil_module_model *module, const struct coil_group *group, const struct coil_marks *marks,
                      bool is_after, struct coil_passage *passage)
{
    for (enum coil_word word = COIL_WORD_COUNTED_BY; word <= COIL_WORD_SIZED_BY; word++)
        if (coil_marks_say(marks, word))
            passage->count = compile(module, group, &marks->said[word], is_after);
    if (coil_marks_say(marks, COIL_WORD_LENGTH))
        passage->length = compile(module, group, &marks->said[COIL_WORD_LENGTH], true);
}

const struct coil_length_program *coil_length_of_member(struct coil_module_model *module,
                                                        const struct coil_group *group,
                                                        const struct coil_member *member)
{
    struct compiler c = { .module = module, .arena = module->arena, .group = group };

    c.length = length_new(module, group, member->name);
    push(&c, "PARAMETER", NULL, member);
    return c.length;
}
