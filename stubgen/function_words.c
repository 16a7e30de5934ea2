/*
 * Words about functions.
 *
 * The value of error() is a constant of the result's type, that of timeout() a number of milliseconds.  What
 * only the compiler knows is left to it, with an assertion that it fits.  Nothing can come back from a one-way
 * call, so nothing that would may be among its parameters, nor behind them.  Called by crossing.c for functions
 * that Python implements; all memory is the arena's.
 */
#include "stubgen/function_words.h"

#include <stdlib.h>
#include <string.h>

#include "proto/descriptor.h"
#include "stubgen/emit.h"
#include "stubgen/parser.h"

/* A parser over the expression of a mark; the last token is its ")". */
static struct coil_parser *parser_of(struct coil_module_model *module, const struct coil_mark *mark)
{
    struct coil_parser *parser = coil_arena_take(module->arena, sizeof *parser);

    parser->module = module;
    parser->arena = module->arena;
    parser->diagnostics = module->diagnostics;
    parser->section = mark->expression->position.section;
    parser->token = mark->expression;
    return parser;
}

static void end(struct coil_parser *parser)
{
    if (!coil_token_is(parser->token, ")"))
        coil_parse_refuse(parser, "expected an operator or ')' instead of '%s'", parser->token->text);
}

/* An integer constant as C, and as a number if it is known. */
static const char *read_integer(struct coil_module_model *module, const struct coil_mark *mark,
                                struct coil_number *ret_number)
{
    struct coil_parser *parser = parser_of(module, mark);

    *ret_number = coil_parse_expression(parser);
    end(parser);
    return ret_number->is_known ? coil_emit_number(module->arena, *ret_number) : mark->text;
}

/* ---- reals ---- */

/* The digits of a number, and its suffix. */
static bool is_real_number(const char *text)
{
    char *rest;

    (void)strtod(text, &rest);
    return rest != text && rest[strspn(rest, "fFlLuU")] == '\0';
}

/* A declared constant as C: the C source need not have those whose values are known. */
static const char *real_name(struct coil_parser *parser)
{
    const char *text = parser->token->text;
    const struct coil_name *name = coil_module_find(parser->module, text);

    if (strcmp(text, "NAN") == 0 || strcmp(text, "INFINITY") == 0)
        return text;
    if (name && name->kind == COIL_NAME_REAL)
        return name->known ? coil_emit_real(parser->arena, name->known->real) : text;
    if (name && name->kind == COIL_NAME_INTEGER)
        return name->number.is_known ? coil_emit_number(parser->arena, name->number) : text;
    coil_parse_refuse(parser, "'%s' is not a constant that was declared: write its value", text);
}

static void put_real(struct coil_parser *parser, struct coil_buffer *out);

/* factor = number | name | ("+" | "-") factor | "(" real ")" */
static void put_factor(struct coil_parser *parser, struct coil_buffer *out)
{
    const struct coil_token *token = parser->token;

    coil_parse_enter(parser);
    if (coil_parse_accept(parser, "-") || coil_parse_accept(parser, "+")) {
        coil_buffer_printf(out, " %s", token->text);
        put_factor(parser, out);
    } else if (coil_parse_accept(parser, "(")) {
        coil_buffer_puts(out, "(");
        put_real(parser, out);
        coil_parse_expect(parser, ")", "after this expression");
        coil_buffer_puts(out, ")");
    } else if (token->kind == COIL_TOKEN_WORD) {
        coil_buffer_puts(out, real_name(parser));
        parser->token++;
    } else if (token->kind == COIL_TOKEN_NUMBER && is_real_number(token->text)) {
        coil_buffer_puts(out, token->text);
        parser->token++;
    } else {
        coil_parse_refuse(parser, "expected a number instead of %s", coil_parse_found(parser));
    }
    coil_parse_leave(parser);
}

/* real = factor (("+" | "-" | "*" | "/") factor)* */
static void put_real(struct coil_parser *parser, struct coil_buffer *out)
{
    const struct coil_token *token;

    put_factor(parser, out);
    while (token = parser->token, coil_parse_accept(parser, "+") || coil_parse_accept(parser, "-") ||
                                      coil_parse_accept(parser, "*") || coil_parse_accept(parser, "/")) {
        coil_buffer_printf(out, " %s ", token->text);
        put_factor(parser, out);
    }
}

static const char *read_real(struct coil_module_model *module, const struct coil_mark *mark)
{
    struct coil_parser *parser = parser_of(module, mark);
    struct coil_buffer text = COIL_BUFFER_INIT(module->arena);

    put_real(parser, &text);
    end(parser);
    return text.text + (text.text[0] == ' ');
}

/* ---- error() ---- */

/* Bits of an integer type, negative if it has a sign; 0 if only the compiler knows. */
static int integer_bits(struct coil_type *type)
{
    static const signed char bits[COIL_PRIM_COUNT] = {
        [COIL_PRIM_BOOL] = 1,
        [COIL_PRIM_SCHAR] = -8,
        [COIL_PRIM_UCHAR] = 8,
        [COIL_PRIM_SHORT] = -16,
        [COIL_PRIM_USHORT] = 16,
        [COIL_PRIM_INT] = -32,
        [COIL_PRIM_UINT] = 32,
        [COIL_PRIM_LONG] = -8 * (int)sizeof(long),
        [COIL_PRIM_ULONG] = 8 * (int)sizeof(long),
        [COIL_PRIM_LONGLONG] = -64,
        [COIL_PRIM_ULONGLONG] = 64,
        [COIL_PRIM_INT8] = -8,
        [COIL_PRIM_UINT8] = 8,
        [COIL_PRIM_INT16] = -16,
        [COIL_PRIM_UINT16] = 16,
        [COIL_PRIM_INT32] = -32,
        [COIL_PRIM_UINT32] = 32,
        [COIL_PRIM_INT64] = -64,
        [COIL_PRIM_UINT64] = 64,
        [COIL_PRIM_SIZE] = 8 * (int)sizeof(size_t),
        [COIL_PRIM_SSIZE] = -8 * (int)sizeof(size_t),
    };

    return type->kind == COIL_KIND_PRIMITIVE && type->primitive >= 0 ? bits[type->primitive] : 0;
}

static bool fits(struct coil_number number, int bits)
{
    bool is_negative = coil_number_is_negative(number);

    if (bits > 0)
        return !is_negative && (bits == 64 || number.bits >> bits == 0);
    if (is_negative)
        return ~number.bits >> (-bits - 1) == 0;
    return number.bits >> (-bits - 1) == 0;
}

static bool is_real(const struct coil_type *type)
{
    return type->kind == COIL_KIND_PRIMITIVE &&
           (type->primitive == COIL_PRIM_FLOAT || type->primitive == COIL_PRIM_DOUBLE ||
            type->primitive == COIL_PRIM_LONGDOUBLE || type->primitive == COIL_PRIM_SOME_REAL);
}

static bool is_complex(const struct coil_type *type)
{
    return type->kind == COIL_KIND_PRIMITIVE &&
           (type->primitive == COIL_PRIM_FLOATCOMPLEX || type->primitive == COIL_PRIM_DOUBLECOMPLEX);
}

/* What has no error value but zero, or NULL. */
static const char *without_error(struct coil_type *type)
{
    if (coil_type_is_void(type))
        return "this function returns nothing";
    if (type->kind == COIL_KIND_POINTER)
        return "the result is a pointer, and in trouble that is NULL";
    if (type->kind == COIL_KIND_RECORD)
        return "the result is a struct, and in trouble that is all zeros";
    return is_complex(type) ? "the result is complex, and in trouble that is zero" : NULL;
}

static void read_error(struct coil_module_model *module, struct coil_signature *signature, const struct coil_mark *mark)
{
    struct coil_type *type = coil_type_strip(signature->type->item);
    const char *reason = without_error(type);
    struct coil_number number;

    if (reason)
        coil_refuse_at(module->diagnostics, mark->position, "error() has no place here: %s; remove it", reason);
    signature->error_text = mark->text;
    if (is_real(type)) {
        signature->error_real = read_real(module, mark);
        return;
    }
    signature->error_integer = read_integer(module, mark, &number);
    signature->is_error_unknown = !number.is_known || integer_bits(type) == 0;
    if (number.is_known && integer_bits(type) != 0 && !fits(number, integer_bits(type)))
        coil_refuse_at(module->diagnostics, mark->expression->position,
                       "%s does not fit into '%s', the type of the result", coil_emit_number(module->arena, number),
                       coil_type_name(module->arena, signature->type->item));
}

/* ---- timeout() ---- */

static void read_timeout(struct coil_module_model *module, struct coil_signature *signature,
                         const struct coil_mark *mark)
{
    struct coil_number number;

    signature->timeout_text = mark->text;
    signature->timeout_ms = read_integer(module, mark, &number);
    signature->is_timeout_unknown = !number.is_known;
    if (number.is_known && (coil_number_is_negative(number) || number.bits == 0 || number.bits > INT32_MAX))
        coil_refuse_at(module->diagnostics, mark->expression->position,
                       "a deadline is a number of milliseconds from 1 to %d, and this is %s", INT32_MAX,
                       coil_emit_number(module->arena, number));
}

/* ---- oneway ---- */

static void read_oneway(struct coil_module_model *module, struct coil_signature *signature,
                        const struct coil_marks *marks)
{
    signature->is_oneway = true;
    signature->oneway_position = marks->said[COIL_WORD_ONEWAY].position;
    if (!coil_type_is_void(signature->type->item))
        coil_refuse_at(module->diagnostics, signature->oneway_position,
                       "a one-way call does not wait for a result, and this function returns '%s': make it void, or "
                       "remove 'oneway'",
                       coil_type_name(module->arena, signature->type->item));
    if (signature->timeout_ms)
        coil_annotation_contradict(module, marks, COIL_WORD_ONEWAY, COIL_WORD_TIMEOUT,
                                   "nobody waits for a one-way call");
}

static bool comes_back(unsigned crossing)
{
    return crossing == COIL_CROSS_STRING_INOUT || crossing == COIL_CROSS_BLOCK_INOUT ||
           crossing == COIL_CROSS_BLOCK_OUT;
}

/* The first field or element behind a pointer that would come back, or NULL. */
static const struct coil_passage *find_back(const struct coil_passage *passage, struct coil_list *seen,
                                            struct coil_arena *arena, const struct coil_shape **ret_owner)
{
    struct coil_shape *shape = passage->shape;
    const struct coil_passage *found = NULL;

    if (!shape || shape->is_seen)
        return NULL;
    shape->is_seen = true;
    coil_list_add(seen, arena, shape);
    for (size_t i = 0; i < shape->passage_count && !found; i++) {
        if (comes_back(shape->passages[i].crossing)) {
            *ret_owner = shape;
            return &shape->passages[i];
        }
        found = find_back(&shape->passages[i], seen, arena, ret_owner);
    }
    return found;
}

/* "field 'next' of 'struct node'" */
static const char *place_words(struct coil_arena *arena, const struct coil_passage *passage,
                               const struct coil_shape *owner)
{
    if (owner->record)
        return coil_arena_printf(arena, "field '%s' of %s", passage->name, coil_record_words(arena, owner->record));
    return coil_arena_printf(arena, "its elements, '%s',", coil_type_name(arena, passage->type));
}

void coil_function_words_check(struct coil_module_model *module, const struct coil_signature *signature)
{
    struct coil_list seen = { 0 };

    if (!signature->is_oneway)
        return;
    for (size_t i = 0; i < signature->passage_count; i++) {
        const struct coil_passage *passage = &signature->passages[i];
        const struct coil_shape *owner = NULL;
        const struct coil_passage *back;

        if (comes_back(passage->crossing))
            coil_refuse_at(
                module->diagnostics, signature->oneway_position,
                "nothing comes back from a one-way call, and what '%s' leads to would: make it const, or write "
                "[in] there",
                passage->name);
        back = find_back(passage, &seen, module->arena, &owner);
        if (back)
            coil_refuse_at(module->diagnostics, signature->oneway_position,
                           "nothing comes back from a one-way call, and '%s' leads to what would: %s must lead to "
                           "const, or be [in]",
                           passage->name, place_words(module->arena, back, owner));
    }
    for (size_t i = 0; i < seen.count; i++)
        ((struct coil_shape *)seen.items[i])->is_seen = false;
}

void coil_function_words_read(struct coil_module_model *module, struct coil_signature *signature,
                              const struct coil_marks *marks)
{
    signature->is_idempotent = coil_marks_say(marks, COIL_WORD_IDEMPOTENT);
    if (coil_marks_say(marks, COIL_WORD_ERROR))
        read_error(module, signature, &marks->said[COIL_WORD_ERROR]);
    if (coil_marks_say(marks, COIL_WORD_TIMEOUT))
        read_timeout(module, signature, &marks->said[COIL_WORD_TIMEOUT]);
    if (coil_marks_say(marks, COIL_WORD_ONEWAY))
        read_oneway(module, signature, marks);
}
