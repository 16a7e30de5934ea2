/*
 * Checking how values cross: a descriptor with every kind of row is accepted, and each row that is damaged alone
 * is refused.  What Python and the client walk memory by comes from a process that nobody trusts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <wchar.h>

#include "proto/image.h"

enum {
    T_VOID,
    T_INT,
    T_CHAR,
    T_CHAR_P,
    T_INT_P,
    T_NODE,
    T_NODE_P,
    T_CALLBACK,
    T_CALLBACK_END,
    T_CALLBACK_P,
    T_TEXTS,
    T_PAIRS,
    T_PAIRS_LENGTH,
    T_COUNT
};

/* struct node { int n; int *v [counted_by(n)]; char *pairs[2]; struct node *next; } and more. */
struct rich {
    struct coil_descriptor head;
    coil_type_code types[T_COUNT];
    struct coil_descriptor_global globals[3];
    struct coil_descriptor_struct structs[1];
    struct coil_descriptor_function functions[1];
    struct coil_descriptor_function signatures[2];
    struct coil_descriptor_value variables[1];
    struct coil_descriptor_shape shapes[3];
    struct coil_descriptor_value values[12];
    struct coil_descriptor_expression expressions[6];
    char strings[32];
};

#define TABLE(member)                                                                                                  \
    {                                                                                                                  \
        offsetof(struct rich, member), sizeof((struct rich *)0)->member / sizeof((struct rich *)0)->member[0]          \
    }
#define P sizeof(void *)

enum { NAME_F = 1, NAME_C = 3, NAME_V = 5, NAME_NODE = 7 };
enum { SHAPE_TEXT, SHAPE_PAIR, SHAPE_NODE };
/* Values, in their order. */
enum {
    V_TEXT, /* SHAPE_TEXT: one string */
    V_NAME, /* SHAPE_PAIR */
    V_N,    /* SHAPE_NODE from here on */
    V_V,
    V_PAIR,
    V_NEXT,
    V_COUNT, /* f(count, nodes, texts, callback) from here on */
    V_NODES,
    V_TEXTS,
    V_CALLBACK,
    V_FILE, /* c(file) */
    V_PLACE /* the callback's int * */
};

static const struct rich good = {
    .head = { .magic = COIL_DESCRIPTOR_MAGIC,
              .format = COIL_DESCRIPTOR_FORMAT,
              .size = sizeof(struct rich),
              .word = sizeof(void *) << 16 | sizeof(long double) << 8 | sizeof(wchar_t),
              .name = NAME_F,
              .types = TABLE(types),
              .globals = TABLE(globals),
              .structs = TABLE(structs),
              .functions = TABLE(functions),
              .signatures = TABLE(signatures),
              .variables = TABLE(variables),
              .shapes = TABLE(shapes),
              .values = TABLE(values),
              .expressions = TABLE(expressions),
              .strings = TABLE(strings) },
    .types = { COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_VOID), COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_INT),
               COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_CHAR), COIL_TYPE(COIL_OP_POINTER, T_CHAR),
               COIL_TYPE(COIL_OP_POINTER, T_INT), COIL_TYPE(COIL_OP_STRUCT_UNION, 0),
               COIL_TYPE(COIL_OP_POINTER, T_NODE), COIL_TYPE(COIL_OP_FUNCTION, T_VOID),
               COIL_TYPE(COIL_OP_FUNCTION_END, 0), COIL_TYPE(COIL_OP_POINTER, T_CALLBACK),
               COIL_TYPE(COIL_OP_POINTER, T_CHAR_P), COIL_TYPE(COIL_OP_ARRAY, T_CHAR_P), 2 },
    .globals = { { .name = NAME_C, .code = COIL_TYPE(COIL_OP_DLOPEN_FUNC, T_CALLBACK) },
                 { .name = NAME_F, .code = COIL_TYPE(COIL_OP_EXTERN_PYTHON, T_CALLBACK_P) },
                 { .name = NAME_V, .code = COIL_TYPE(COIL_OP_GLOBAL_VAR, T_NODE_P) } },
    .structs = { { .name = NAME_NODE, .type = T_NODE, .alignment = P, .size = 5 * P } },
    .functions = { { .name = NAME_F,
                     .type = T_CALLBACK,
                     .call_size = 4 * P,
                     .result_size = P,
                     .first_value = V_COUNT,
                     .parameter_count = 4,
                     .result = { .type = T_INT_P,
                                 .crossing = COIL_CROSS_BLOCK_IN,
                                 .size = P,
                                 .extent = 4,
                                 .count = 1 } } },
    .signatures = { { .name = NAME_C, .type = T_CALLBACK, .call_size = P, .first_value = V_FILE, .parameter_count = 1 },
                    { .type = T_CALLBACK, .call_size = P, .first_value = V_PLACE, .parameter_count = 1 } },
    .variables = { { .name = NAME_V,
                     .type = T_NODE_P,
                     .crossing = COIL_CROSS_BLOCK_INOUT,
                     .size = P,
                     .extent = 5 * P,
                     .shape = SHAPE_NODE + 1 } },
    .shapes = { { P, V_TEXT, 1 }, { P, V_NAME, 1 }, { 5 * P, V_N, 4 } },
    .values = { [V_TEXT] = { .type = T_CHAR_P, .crossing = COIL_CROSS_STRING_IN, .size = P },
                [V_NAME] = { .type = T_CHAR_P, .crossing = COIL_CROSS_STRING_INOUT, .size = P },
                [V_N] = { .type = T_INT, .size = 4 },
                [V_V] = { .type = T_INT_P,
                          .crossing = COIL_CROSS_BLOCK_INOUT,
                          .offset = P,
                          .size = P,
                          .extent = 4,
                          .count = 1 },
                [V_PAIR] = { .type = T_PAIRS, .offset = 2 * P, .size = 2 * P, .shape = SHAPE_PAIR + 1 },
                [V_NEXT] = { .type = T_NODE_P,
                             .crossing = COIL_CROSS_BLOCK_INOUT,
                             .offset = 4 * P,
                             .size = P,
                             .extent = 5 * P,
                             .shape = SHAPE_NODE + 1 },
                [V_COUNT] = { .type = T_INT, .size = 4 },
                [V_NODES] = { .type = T_NODE_P,
                              .crossing = COIL_CROSS_BLOCK_OUT,
                              .offset = P,
                              .size = P,
                              .extent = 5 * P,
                              .count = 1,
                              .length = 3,
                              .shape = SHAPE_NODE + 1 },
                [V_TEXTS] = { .type = T_TEXTS,
                              .crossing = COIL_CROSS_BLOCK_IN,
                              .offset = 2 * P,
                              .size = P,
                              .extent = P,
                              .count = COIL_COUNT_TO_NULL,
                              .shape = SHAPE_TEXT + 1 },
                [V_CALLBACK] = { .type = T_CALLBACK_P,
                                 .crossing = COIL_CROSS_FUNCTION,
                                 .offset = 3 * P,
                                 .size = P,
                                 .signature = 2 },
                [V_FILE] = { .type = T_NODE_P, .crossing = COIL_CROSS_FILE, .size = P },
                [V_PLACE] = { .type = T_INT_P, .crossing = COIL_CROSS_UNSAID, .size = P } },
    .expressions = { { COIL_EXPRESSION_PARAMETER, 0, 0 },
                     { COIL_EXPRESSION_END, 0, 0 },
                     { COIL_EXPRESSION_PARAMETER, 0, 0 },
                     { COIL_EXPRESSION_CONSTANT, 0, 2 },
                     { COIL_EXPRESSION_DIVIDE, 0, 0 },
                     { COIL_EXPRESSION_END, 0, 0 } },
    .strings = "\0f\0c\0v\0node",
};

/* One number in it that is changed. */
struct damage {
    const char *what;
    size_t offset;
    size_t size;
    uint64_t value;
};

#define DAMAGE(what, member, value)                                                                                    \
    {                                                                                                                  \
        what, offsetof(struct rich, member), sizeof((struct rich *)0)->member, (uint64_t)(value)                       \
    }

static const struct damage damages[] = {
    DAMAGE("a global of a C function that is not there", globals[0].entry, 2),
    DAMAGE("a global of a C function of another name", globals[0].entry, 1),
    DAMAGE("a global of a function that is not there", globals[1].entry, 1),
    DAMAGE("a global of a variable that is not there", globals[2].entry, 1),
    DAMAGE("a constant that is no number and has another's row", globals[1].code, COIL_TYPE(COIL_OP_CONSTANT, T_INT)),
    DAMAGE("a function without a name", functions[0].name, 0),
    DAMAGE("a variadic function in Python", functions[0].flags, COIL_FUNCTION_VARIADIC),
    DAMAGE("a one-way function with a result", functions[0].flags, COIL_FUNCTION_ONEWAY),
    DAMAGE("a flag that nobody knows", functions[0].flags, 0x80),
    DAMAGE("a function of a type that is none", functions[0].type, T_INT),
    DAMAGE("a frame too small for its values", functions[0].call_size, 3 * P),
    DAMAGE("a frame that is too large", functions[0].call_size, UINT32_MAX),
    DAMAGE("a result outside of its frame", functions[0].result_size, 4),
    DAMAGE("a result with a length over nothing", functions[0].result.count, 7),
    DAMAGE("parameters that are not there", functions[0].parameter_count, UINT32_MAX),
    DAMAGE("parameters from nowhere", functions[0].first_value, 13),
    DAMAGE("a C function of a type that is none", signatures[0].type, T_NODE),
    DAMAGE("signatures out of order", signatures[1].name, NAME_C),
    DAMAGE("an error value of a function without a result", signatures[1].flags, COIL_FUNCTION_HAS_ERROR),
    DAMAGE("a variable without a name", variables[0].name, 0),
    DAMAGE("a variable that is elsewhere", variables[0].offset, 8),
    DAMAGE("a variable that is too large", variables[0].size, UINT64_MAX),
    DAMAGE("a variable's length over other values", variables[0].count, 1),
    DAMAGE("a shape of nothing", shapes[SHAPE_TEXT].size, 0),
    DAMAGE("a shape that is too large", shapes[SHAPE_TEXT].size, UINT64_MAX),
    DAMAGE("a shape whose values are not there", shapes[SHAPE_NODE].value_count, UINT32_MAX),
    DAMAGE("a shape whose values begin nowhere", shapes[SHAPE_NODE].first_value, 13),
    DAMAGE("a shape that is too small for its values", shapes[SHAPE_NODE].size, 4 * P),
    DAMAGE("a shape that is no part of what it repeats in", shapes[SHAPE_PAIR].size, 3 * P),
    DAMAGE("a shape within itself", values[V_PAIR].shape, SHAPE_NODE + 1),
    DAMAGE("a shape that is not there", values[V_PAIR].shape, 4),
    DAMAGE("a value that is smaller than its type", values[V_PAIR].size, P),
    DAMAGE("a value that is larger than its type", types[T_PAIRS_LENGTH], 1),
    DAMAGE("a value of no size", values[V_N].type, T_VOID),
    DAMAGE("a result that is not all of its frame", functions[0].result_size, 2 * P),
    DAMAGE("values over each other", values[V_V].offset, 2),
    DAMAGE("values out of order", values[V_N].offset, 2 * P),
    DAMAGE("a value behind the end", values[V_NEXT].offset, 5 * P),
    DAMAGE("a text that is not there", values[V_N].name, 32),
    DAMAGE("a type that is not there", values[V_N].type, T_COUNT),
    DAMAGE("a crossing that is not there", values[V_V].crossing, COIL_CROSS_COUNT),
    DAMAGE("a pointer of another size", values[V_V].size, 4),
    DAMAGE("a pointer that is none", values[V_V].type, T_INT),
    DAMAGE("a length of a value", values[V_N].count, 1),
    DAMAGE("a length of a string", values[V_TEXT].count, 1),
    DAMAGE("an extent of a string", values[V_TEXT].extent, 1),
    DAMAGE("a shape of a string", values[V_NAME].shape, 1),
    DAMAGE("a length by no expression", values[V_V].count, 7),
    DAMAGE("a length by what is no integer", expressions[0].operand, 1),
    DAMAGE("a length by a value of another group", expressions[0].operand, 4),
    DAMAGE("a length by a negative number of a value", expressions[0].operand, -1),
    DAMAGE("a length through an array", expressions[0].operation, COIL_EXPRESSION_DEREFERENCE),
    DAMAGE("a length by an operation that is not there", expressions[0].operation, COIL_EXPRESSION_OPERATION_COUNT),
    DAMAGE("an expression without an end", expressions[5].operation, COIL_EXPRESSION_CONSTANT),
    DAMAGE("an expression with two values", expressions[4].operation, COIL_EXPRESSION_CONSTANT),
    DAMAGE("an expression with too few values", expressions[3].operation, COIL_EXPRESSION_ADD),
    DAMAGE("a part of what has no length", values[V_NODES].count, 0),
    DAMAGE("elements that their shape does not divide", values[V_NODES].extent, 6 * P),
    DAMAGE("elements of nothing with a shape", values[V_NODES].extent, 0),
    DAMAGE("elements that are too large", values[V_V].extent, UINT64_MAX),
    DAMAGE("a terminated array of what is no pointer", values[V_TEXTS].extent, 2 * P),
    DAMAGE("a part of a terminated array", values[V_TEXTS].length, 1),
    DAMAGE("a terminated array by its part", values[V_NODES].length, COIL_COUNT_TO_NULL),
    DAMAGE("a pointer to a function without a signature", values[V_CALLBACK].signature, 0),
    DAMAGE("a pointer to a function of a signature that is not there", values[V_CALLBACK].signature, 3),
    DAMAGE("a pointer to a function that leads to none", values[V_CALLBACK].type, T_INT_P),
    DAMAGE("a signature of what is no function", values[V_V].signature, 1),
    DAMAGE("an extent of a function", values[V_CALLBACK].extent, 8),
    DAMAGE("a file for Python", values[V_CALLBACK].crossing, COIL_CROSS_FILE),
    DAMAGE("a file in a struct", values[V_NEXT].crossing, COIL_CROSS_FILE),
    DAMAGE("a length of what nothing is said about", values[V_PLACE].count, 1),
    DAMAGE("a shape of what nothing is said about", values[V_PLACE].shape, 1),
};

static int check(const struct rich *image, struct coil_error *error)
{
    struct rich *copy = aligned_alloc(8, sizeof *copy); /* so that every byte beyond is out of bounds */
    int r;

    assert_non_null(copy);
    memcpy(copy, image, sizeof *copy);
    r = coil_descriptor_check(copy, sizeof *copy, error);
    free(copy);
    return r;
}

static void every_kind_of_row_is_accepted(void **state)
{
    struct coil_error error = { 0 };

    (void)state;
    if (check(&good, &error) < 0)
        fail_msg("%s", error.text);
}

static void each_damage_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        struct rich bad = good;
        struct coil_error error = { 0 };

        memcpy((char *)&bad + damages[i].offset, &damages[i].value, damages[i].size);
        if (check(&bad, &error) != -EBADMSG)
            fail_msg("%s was accepted", damages[i].what);
    }
}

/* Structs in structs in structs: 256 of them are accepted, 257 could take anybody's stack. */
static void what_lies_in_place_ends(void **state)
{
    enum { COUNT = COIL_SHAPE_DEPTH_MAX + 1 };
    struct deep {
        struct coil_descriptor head;
        coil_type_code types[1];
        struct coil_descriptor_struct structs[1];
        struct coil_descriptor_shape shapes[COUNT];
        struct coil_descriptor_value values[COUNT];
        char strings[8];
    } *deep = calloc(1, sizeof *deep);
    struct coil_error error;

    (void)state;
    assert_non_null(deep);
    deep->head = good.head;
    deep->head.size = sizeof *deep;
    deep->head.types = (struct coil_descriptor_table){ offsetof(struct deep, types), 1 };
    deep->head.structs = (struct coil_descriptor_table){ offsetof(struct deep, structs), 1 };
    deep->head.shapes = (struct coil_descriptor_table){ offsetof(struct deep, shapes), COUNT };
    deep->head.values = (struct coil_descriptor_table){ offsetof(struct deep, values), COUNT };
    deep->head.strings = (struct coil_descriptor_table){ offsetof(struct deep, strings), 8 };
    deep->head.globals.count = deep->head.functions.count = deep->head.signatures.count = 0;
    deep->head.variables.count = deep->head.expressions.count = 0;
    deep->types[0] = COIL_TYPE(COIL_OP_STRUCT_UNION, 0);
    deep->structs[0] = (struct coil_descriptor_struct){ .name = 1, .alignment = 1, .size = 16 };
    memcpy(deep->strings, "\0s", 3);
    for (uint32_t i = 0; i < COUNT; i++) {
        deep->shapes[i] = (struct coil_descriptor_shape){ 16, i, 1 };
        deep->values[i] = (struct coil_descriptor_value){ .size = 16, .shape = i };
    }
    assert_int_equal(coil_descriptor_check(deep, sizeof *deep, &error), -EBADMSG);
    deep->head.shapes.count = COUNT - 1;
    assert_int_equal(coil_descriptor_check(deep, sizeof *deep, &error), 0);
    free(deep);
}

/* Whatever is done to it, the check ends with a verdict; under AddressSanitizer, without looking outside of it. */
static void changed_numbers_do_no_harm(void **state)
{
    static const uint32_t values[] = { 0, 1, 2, 3, 0x7fffffff, 0x80000000, 0xffffffff };
    unsigned accepted = 0;

    (void)state;
    for (size_t at = 0; at + 4 <= sizeof good; at += 4)
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            struct rich bad = good;
            struct coil_error error;

            memcpy((char *)&bad + at, &values[v], 4);
            accepted += check(&bad, &error) == 0;
        }
    assert_true(accepted > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_row_is_accepted),
        cmocka_unit_test(each_damage_is_refused),
        cmocka_unit_test(what_lies_in_place_ends),
        cmocka_unit_test(changed_numbers_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
