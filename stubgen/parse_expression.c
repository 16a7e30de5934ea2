/*
 * Constant expressions: array lengths, enumerators, widths of bit-fields and
 * values of macros.  Arithmetic is C's on 64 bits.  A name whose value only the
 * compiler knows makes the whole expression unknown; who needs a number refuses
 * that (coil_parse_known).
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stubgen/parser.h"

/* How tightly binary operators bind; the loosest first. */
static const struct operator
{
    const char *text;
    int level;
}
operators[] = {
    { "||", 1 }, { "&&", 2 }, { "|", 3 },  { "^", 4 },  { "&", 5 }, { "==", 6 }, { "!=", 6 }, { "<", 7 },  { ">", 7 },
    { "<=", 7 }, { ">=", 7 }, { "<<", 8 }, { ">>", 8 }, { "+", 9 }, { "-", 9 },  { "*", 10 }, { "/", 10 }, { "%", 10 },
};

static struct coil_number parse_operand(struct coil_parser *parser);

static struct coil_number number_of(uint64_t bits, bool is_unsigned)
{
    return (struct coil_number){ true, is_unsigned, bits };
}

bool coil_number_is_negative(struct coil_number number)
{
    return !number.is_unsigned && (int64_t)number.bits < 0;
}

static struct coil_number parse_integer(struct coil_parser *parser)
{
    const char *text = parser->token->text;
    struct coil_number number = { .is_known = true };
    bool has_suffix_u = false;
    char *end;
    int base = 10;

    if (text[0] == '0' && (text[1] == 'b' || text[1] == 'B')) {
        text += 2;
        base = 2;
    } else if (text[0] == '0') {
        base = text[1] == 'x' || text[1] == 'X' ? 16 : 8;
    }
    errno = 0;
    number.bits = strtoull(text, &end, base);
    if (errno)
        coil_parse_refuse(parser, "%s does not fit into 64 bits", parser->token->text);
    for (; *end && strchr("uUlL", *end); end++)
        has_suffix_u |= *end == 'u' || *end == 'U';
    if (*end)
        coil_parse_refuse(parser, "'%s' is not an integer constant", parser->token->text);
    number.is_unsigned = has_suffix_u || number.bits > INT64_MAX;
    parser->token++;
    return number;
}

static struct coil_number parse_character(struct coil_parser *parser)
{
    static const char escapes[] = "abfnrtv";
    static const char meanings[] = "\a\b\f\n\r\t\v";
    const char *text = parser->token->text + 1;
    size_t size = strlen(text) - 1;
    char *end = NULL;
    unsigned char value = (unsigned char)text[0];

    if (size > 1 && text[0] == '\\') {
        const char *escape = strchr(escapes, text[1]);

        if (text[1] == 'x')
            value = (unsigned char)strtoul(text + 2, &end, 16);
        else if (isdigit((unsigned char)text[1]))
            value = (unsigned char)strtoul(text + 1, &end, 8);
        else
            value = (unsigned char)(escape ? meanings[escape - escapes] : text[1]);
        size = end ? (size_t)(end - text) == size ? 1 : 2 : size - 1;
    }
    if (size != 1)
        coil_parse_refuse(parser, "%s is not one character", parser->token->text);
    parser->token++;
    return number_of((uint64_t)(int64_t)(char)value, false);
}

static struct coil_number parse_constant_name(struct coil_parser *parser)
{
    struct coil_name *name = coil_module_find(parser->module, parser->token->text);

    if (!name || name->kind != COIL_NAME_INTEGER)
        coil_parse_refuse(parser,
                          "'%s' is not a constant that was declared before: write its number, or "
                          "'#define %s NUMBER' above",
                          parser->token->text, parser->token->text);
    parser->token++;
    return name->number;
}

/* primary = number | character | name | "(" expression ")" */
static struct coil_number parse_primary(struct coil_parser *parser)
{
    struct coil_number number;

    switch (parser->token->kind) {
    case COIL_TOKEN_NUMBER:
        return parse_integer(parser);
    case COIL_TOKEN_CHARACTER:
        return parse_character(parser);
    case COIL_TOKEN_WORD:
        return parse_constant_name(parser);
    default:
        break;
    }
    if (!coil_parse_accept(parser, "("))
        coil_parse_refuse(parser, "expected a constant instead of %s", coil_parse_found(parser));
    number = coil_parse_expression(parser);
    coil_parse_expect(parser, ")", "after this expression");
    return number;
}

/* unary = operand; operand = ("+" | "-" | "~" | "!") unary | primary */
static struct coil_number parse_unary(struct coil_parser *parser)
{
    struct coil_number number;

    coil_parse_enter(parser);
    number = parse_operand(parser);
    coil_parse_leave(parser);
    return number;
}

static struct coil_number parse_operand(struct coil_parser *parser)
{
    struct coil_number number;

    if (coil_parse_accept(parser, "+"))
        return parse_unary(parser);
    if (coil_parse_accept(parser, "-")) {
        number = parse_unary(parser);
        number.bits = 0 - number.bits;
        return number;
    }
    if (coil_parse_accept(parser, "~")) {
        number = parse_unary(parser);
        number.bits = ~number.bits;
        return number;
    }
    if (coil_parse_accept(parser, "!")) {
        number = parse_unary(parser);
        number.bits = number.bits == 0;
        number.is_unsigned = false;
        return number;
    }
    return parse_primary(parser);
}

/* b is not zero. */
static struct coil_number divide(bool remainder, struct coil_number a, struct coil_number b, bool is_unsigned)
{
    int64_t x = (int64_t)a.bits;
    int64_t y = (int64_t)b.bits;

    if (is_unsigned)
        return number_of(remainder ? a.bits % b.bits : a.bits / b.bits, true);
    if (y == -1)
        return number_of(remainder ? 0 : 0 - a.bits, false);
    return number_of((uint64_t)(remainder ? x % y : x / y), false);
}

static struct coil_number shift(struct coil_number a, struct coil_number b, bool left)
{
    unsigned by = b.bits > 63 ? 63 : (unsigned)b.bits;

    if (left)
        return number_of(a.bits << by, a.is_unsigned);
    if (coil_number_is_negative(a))
        return number_of(~(~a.bits >> by), false);
    return number_of(a.bits >> by, a.is_unsigned);
}

static struct coil_number compute(const char *operator, struct coil_number a, struct coil_number b)
{
    bool is_unsigned = a.is_unsigned || b.is_unsigned;
    bool less = is_unsigned ? a.bits < b.bits : (int64_t)a.bits < (int64_t)b.bits;
    bool equal = a.bits == b.bits;

    switch (operator[0]) {
    case '|':
        return operator[1] ? number_of(a.bits || b.bits, false) : number_of(a.bits | b.bits, is_unsigned);
    case '&':
        return operator[1] ? number_of(a.bits && b.bits, false) : number_of(a.bits &b.bits, is_unsigned);
    case '^':
        return number_of(a.bits ^ b.bits, is_unsigned);
    case '=':
        return number_of(equal, false);
    case '!':
        return number_of(!equal, false);
    case '<':
        if (operator[1] == '<')
            return shift(a, b, true);
        return number_of(operator[1] ? less || equal : less, false);
    case '>':
        if (operator[1] == '>')
            return shift(a, b, false);
        return number_of(operator[1] ? !less : !less && !equal, false);
    case '+':
        return number_of(a.bits + b.bits, is_unsigned);
    case '-':
        return number_of(a.bits - b.bits, is_unsigned);
    case '*':
        return number_of(a.bits * b.bits, is_unsigned);
    default:
        return divide(operator[0] == '%', a, b, is_unsigned);
    }
}

static const struct operator* find_operator(const struct coil_parser *parser)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (coil_token_is(parser->token, operators[i].text))
            return &operators[i];
    return NULL;
}

/* binary = unary (operator unary)*, with C's levels */
static struct coil_number parse_binary(struct coil_parser *parser, int level)
{
    struct coil_number left = parse_unary(parser);
    const struct operator* operator;

    while ((operator= find_operator(parser)) && operator->level >= level) {
        const struct coil_token *token = parser->token++;
        struct coil_number right = parse_binary(parser, operator->level + 1);

        if (strchr("/%", operator->text[0]) && right.is_known && right.bits == 0)
            coil_refuse_at(parser->diagnostics, token->position, "this divides by zero: write another divisor");
        if (left.is_known && right.is_known)
            left = compute(operator->text, left, right);
        else
            left.is_known = false;
    }
    return left;
}

/* expression = binary ("?" expression ":" expression)? */
struct coil_number coil_parse_expression(struct coil_parser *parser)
{
    struct coil_number number = parse_binary(parser, 1);
    struct coil_number yes;
    struct coil_number no;

    if (!coil_parse_accept(parser, "?"))
        return number;
    coil_parse_enter(parser);
    yes = coil_parse_expression(parser);
    coil_parse_expect(parser, ":", "in this expression");
    no = coil_parse_expression(parser);
    coil_parse_leave(parser);
    if (!number.is_known)
        return number;
    return number.bits ? yes : no;
}

struct coil_number coil_parse_known(struct coil_parser *parser)
{
    const struct coil_token *first = parser->token;
    struct coil_number number = coil_parse_expression(parser);

    if (!number.is_known)
        coil_refuse_at(parser->diagnostics, first->position,
                       "the value of this constant is known only to the C compiler (its declaration says ...), "
                       "but a number is needed here: write the number");
    return number;
}
