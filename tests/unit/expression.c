/*
 * Lengths: every operation, every kind of integer, and every way in which a length can be none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>

#include "proto/expression.h"

struct frame {
    int n;
    unsigned char small;
    uint64_t wide;
    short *where;
    double *v;
};

enum { T_INT, T_UCHAR, T_U64, T_SHORT, T_SHORT_P, T_DOUBLE, T_DOUBLE_P, T_FUNCTION, T_END, T_COUNT };
enum { P_N, P_SMALL, P_WIDE, P_WHERE, P_V, P_COUNT };
#define CODES_MAX 32

/* A descriptor with one function, f(int n, unsigned char small, uint64_t wide, short *where, double *v). */
static struct image {
    struct coil_descriptor head;
    coil_type_code types[T_COUNT];
    struct coil_descriptor_function functions[1];
    struct coil_descriptor_value parameters[P_COUNT];
    struct coil_descriptor_expression expressions[CODES_MAX];
    char strings[32];
} image;

#define PARAMETER(type_number, how, member, bytes) \
    { 3, type_number, how, offsetof(struct frame, member), sizeof(((struct frame *)0)->member), bytes, 0, 0, 0, 0 }

static int setup(void **state)
{
    static const struct coil_descriptor_value parameters[P_COUNT] = {
        PARAMETER(T_INT, COIL_CROSS_VALUE, n, 0),
        PARAMETER(T_UCHAR, COIL_CROSS_VALUE, small, 0),
        PARAMETER(T_U64, COIL_CROSS_VALUE, wide, 0),
        PARAMETER(T_SHORT_P, COIL_CROSS_BLOCK_INOUT, where, sizeof(short)),
        PARAMETER(T_DOUBLE_P, COIL_CROSS_BLOCK_IN, v, sizeof(double)),
    };

    (void)state;
    image = (struct image){
        .head = { COIL_DESCRIPTOR_MAGIC, COIL_DESCRIPTOR_FORMAT, sizeof image,
                  sizeof(void *) << 16 | sizeof(long double) << 8 | sizeof(wchar_t), 1, 0 },
        .types = { COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_INT), COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_UCHAR),
                   COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_UINT64), COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_SHORT),
                   COIL_TYPE(COIL_OP_POINTER, T_SHORT), COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_DOUBLE),
                   COIL_TYPE(COIL_OP_POINTER, T_DOUBLE), COIL_TYPE(COIL_OP_FUNCTION, T_INT),
                   COIL_TYPE(COIL_OP_FUNCTION_END, 0) },
        .functions = { { 1, T_FUNCTION, sizeof(struct frame), 4, 0, P_COUNT, 0, 0, 0, 0, { 0, T_INT, 0, 0, 4, 0, 0, 0, 0, 0 } } },
        .strings = "\0f\0x",
    };
    image.head.types = (struct coil_descriptor_table){ offsetof(struct image, types), T_COUNT };
    image.head.functions = (struct coil_descriptor_table){ offsetof(struct image, functions), 1 };
    image.head.values = (struct coil_descriptor_table){ offsetof(struct image, parameters), P_COUNT };
    image.head.strings = (struct coil_descriptor_table){ offsetof(struct image, strings), sizeof image.strings };
    memcpy(image.parameters, parameters, sizeof parameters);
    image.parameters[P_V].count = 1;
    return 0;
}

/* Sets the program that counts v. */
static int program(const struct coil_descriptor_expression *codes, uint32_t count)
{
    struct coil_error error;

    memcpy(image.expressions, codes, count * sizeof *codes);
    image.head.expressions = (struct coil_descriptor_table){ offsetof(struct image, expressions), count };
    return coil_descriptor_check(&image, sizeof image, &error);
}

#define PROGRAM(...)                                                                   \
    program((const struct coil_descriptor_expression[]){ __VA_ARGS__ },                \
            sizeof((const struct coil_descriptor_expression[]){ __VA_ARGS__ }) /       \
                sizeof(struct coil_descriptor_expression))
#define CONSTANT(value) { COIL_EXPRESSION_CONSTANT, 0, value }
#define LOAD(parameter) { COIL_EXPRESSION_PARAMETER, 0, parameter }
#define FOLLOW(parameter) { COIL_EXPRESSION_DEREFERENCE, 0, parameter }
#define DO(operation) { COIL_EXPRESSION_##operation, 0, 0 }
#define END { COIL_EXPRESSION_END, 0, 0 }

static int evaluate(const struct frame *frame, uint64_t *ret_value)
{
    struct coil_error error = { 0 };
    int r = coil_expression_evaluate(&image.head, 0, 1, frame, ret_value, &error);

    assert_true(r == 0 || strlen(error.text) > 10);
    return r;
}

static void operations(void **state)
{
    struct frame frame = { .n = 7, .small = 255, .wide = 1000 };
    uint64_t value;

    (void)state;
    assert_int_equal(PROGRAM(LOAD(P_N), CONSTANT(2), DO(MULTIPLY), CONSTANT(1), DO(ADD), END), 0);
    assert_int_equal(evaluate(&frame, &value), 0);
    assert_int_equal(value, 15);
    assert_int_equal(PROGRAM(LOAD(P_WIDE), LOAD(P_SMALL), DO(SUBTRACT), CONSTANT(5), DO(DIVIDE), END), 0);
    assert_int_equal(evaluate(&frame, &value), 0);
    assert_int_equal(value, 149);
}

static void dereference(void **state)
{
    short there = 12;
    struct frame frame = { .where = &there };
    uint64_t value;

    (void)state;
    assert_int_equal(PROGRAM(FOLLOW(P_WHERE), END), 0);
    assert_int_equal(evaluate(&frame, &value), 0);
    assert_int_equal(value, 12);
    frame.where = NULL;
    assert_int_equal(evaluate(&frame, &value), 0);
    assert_int_equal(value, 0);
    there = -1;
    frame.where = &there;
    assert_int_equal(evaluate(&frame, &value), -ERANGE);
}

static void no_lengths(void **state)
{
    struct frame frame = { .n = -1, .wide = UINT64_MAX };
    uint64_t value;

    (void)state;
    assert_int_equal(PROGRAM(LOAD(P_N), END), 0);
    assert_int_equal(evaluate(&frame, &value), -ERANGE);
    assert_int_equal(PROGRAM(LOAD(P_WIDE), END), 0);
    assert_int_equal(evaluate(&frame, &value), -ERANGE);
    frame.wide = INT64_MAX;
    assert_int_equal(PROGRAM(LOAD(P_WIDE), CONSTANT(1), DO(ADD), END), 0);
    assert_int_equal(evaluate(&frame, &value), -ERANGE);
    assert_int_equal(PROGRAM(LOAD(P_WIDE), LOAD(P_WIDE), DO(MULTIPLY), END), 0);
    assert_int_equal(evaluate(&frame, &value), -ERANGE);
    assert_int_equal(PROGRAM(CONSTANT(1), CONSTANT(0), DO(DIVIDE), END), 0);
    assert_int_equal(evaluate(&frame, &value), -ERANGE);
    assert_int_equal(PROGRAM(CONSTANT(INT64_MIN), CONSTANT(-1), DO(DIVIDE), END), 0);
    assert_int_equal(evaluate(&frame, &value), -ERANGE);
    assert_int_equal(PROGRAM(CONSTANT(INT64_MIN), CONSTANT(1), DO(SUBTRACT), END), 0);
    assert_int_equal(evaluate(&frame, &value), -ERANGE);
}

static void extents(void **state)
{
    struct frame frame = { .wide = 10 };
    struct coil_error error = { 0 };
    uint64_t size;

    (void)state;
    assert_int_equal(PROGRAM(LOAD(P_WIDE), END), 0);
    assert_int_equal(coil_expression_extent(&image.head, 0, &image.parameters[P_V], &frame, &size, &error), 0);
    assert_int_equal(size, 80);
    frame.wide = UINT64_C(1) << 60;
    assert_int_equal(coil_expression_extent(&image.head, 0, &image.parameters[P_V], &frame, &size, &error), -ERANGE);
    assert_non_null(strstr(error.text, "'x'"));
}

static void bad_programs_are_refused(void **state)
{
    (void)state;
    assert_int_equal(PROGRAM(CONSTANT(1)), -EBADMSG);                          /* does not end */
    assert_int_equal(PROGRAM(END), -EBADMSG);                                  /* no value */
    assert_int_equal(PROGRAM(CONSTANT(1), CONSTANT(2), END), -EBADMSG);        /* two */
    assert_int_equal(PROGRAM(CONSTANT(1), DO(ADD), END), -EBADMSG);            /* underflow */
    assert_int_equal(PROGRAM(LOAD(P_COUNT), END), -EBADMSG);                   /* no such parameter */
    assert_int_equal(PROGRAM(LOAD(-1), END), -EBADMSG);
    assert_int_equal(PROGRAM(LOAD(P_V), END), -EBADMSG);                       /* no integer */
    assert_int_equal(PROGRAM(FOLLOW(P_V), END), -EBADMSG);                     /* no pointer to one integer */
    assert_int_equal(PROGRAM(FOLLOW(P_N), END), -EBADMSG);
    image.parameters[P_WHERE].crossing = COIL_CROSS_VALUE;
    assert_int_equal(PROGRAM(FOLLOW(P_WHERE), END), -EBADMSG);                 /* nobody checks where it leads */
    image.parameters[P_WHERE].crossing = COIL_CROSS_BLOCK_INOUT;
    assert_int_equal(PROGRAM({ COIL_EXPRESSION_OPERATION_COUNT, 0, 0 }, END), -EBADMSG);
    assert_int_equal(PROGRAM(CONSTANT(1), CONSTANT(1), CONSTANT(1), CONSTANT(1), CONSTANT(1), CONSTANT(1), CONSTANT(1),
                             CONSTANT(1), CONSTANT(1), CONSTANT(1), CONSTANT(1), CONSTANT(1), CONSTANT(1), CONSTANT(1),
                             CONSTANT(1), CONSTANT(1), CONSTANT(1), DO(ADD), END),
                     -EBADMSG); /* too deep */
    image.parameters[P_V].count = CODES_MAX + 1;
    assert_int_equal(PROGRAM(CONSTANT(1), END), -EBADMSG); /* no such program */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(operations, setup),   cmocka_unit_test_setup(dereference, setup),
        cmocka_unit_test_setup(no_lengths, setup),   cmocka_unit_test_setup(extents, setup),
        cmocka_unit_test_setup(bad_programs_are_refused, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
