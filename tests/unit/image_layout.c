/*
 * Checking what types take in memory: nothing is part of itself, what nests ends, and no descriptor, however it is
 * made, keeps its checker busy for long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <wchar.h>

#include "proto/image.h"

#define TEXT_S 1 /* "s" in every image's texts, behind the empty one */

/* An image that is put together table by table. */
struct builder {
    char *bytes;
    uint32_t used, size;
};

static struct coil_descriptor *head(const struct builder *b)
{
    return (struct coil_descriptor *)(void *)b->bytes;
}

static struct builder build(uint32_t size)
{
    struct builder b = { .bytes = calloc(1, size), .used = sizeof(struct coil_descriptor), .size = size };

    assert_non_null(b.bytes);
    *head(&b) = (struct coil_descriptor){ .magic = COIL_DESCRIPTOR_MAGIC,
                                          .format = COIL_DESCRIPTOR_FORMAT,
                                          .size = size,
                                          .word = sizeof(void *) << 16 | sizeof(long double) << 8 | sizeof(wchar_t),
                                          .name = TEXT_S };
    return b;
}

/* A table of zeros. */
static void *table(struct builder *b, struct coil_descriptor_table *ret_table, uint32_t count, size_t size)
{
    void *rows = b->bytes + b->used;

    assert_true((b->size - b->used) / size >= count);
    *ret_table = (struct coil_descriptor_table){ b->used, count };
    b->used += (uint32_t)((count * size + 7) / 8 * 8);
    return rows;
}

static void texts(struct builder *b)
{
    char *text = table(b, &head(b)->strings, 8, 1);

    text[TEXT_S] = 's';
}

/* Checks, and frees the image. */
static int verdict(struct builder *b)
{
    struct coil_error error = { 0 };
    int r = coil_descriptor_check(b->bytes, b->size, &error);

    if (r < 0)
        assert_true(strlen(error.text) > 10);
    free(b->bytes);
    return r;
}

/* ---- circles ---- */

/* Up to four type codes and a typename and a struct with one field. */
static int check_codes(coil_type_code a, coil_type_code b_code, coil_type_code c, coil_type_code field)
{
    struct builder b = build(1024); /* the typename is for the third, the struct is the fourth */
    const coil_type_code codes[] = { a, b_code, c, COIL_TYPE(COIL_OP_STRUCT_UNION, 0) };
    struct coil_descriptor_typename *name;
    struct coil_descriptor_struct *s;
    struct coil_descriptor_field *f;

    memcpy(table(&b, &head(&b)->types, 4, sizeof *codes), codes, sizeof codes);
    name = table(&b, &head(&b)->typenames, 1, sizeof *name);
    *name = (struct coil_descriptor_typename){ TEXT_S, 2 };
    s = table(&b, &head(&b)->structs, 1, sizeof *s);
    *s = (struct coil_descriptor_struct){ TEXT_S, 3, 0, 8, 64, 0, 1 };
    f = table(&b, &head(&b)->fields, 1, sizeof *f);
    *f = (struct coil_descriptor_field){ .name = TEXT_S, .code = field, .size = 8 };
    texts(&b);
    return verdict(&b);
}

#define INT COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_INT)
#define FIELD(type) COIL_TYPE(COIL_OP_NOOP, type)

static void nothing_is_part_of_itself(void **state)
{
    (void)state;
    assert_int_equal(check_codes(INT, INT, INT, FIELD(0)), 0);
    assert_int_equal(check_codes(COIL_TYPE(COIL_OP_NOOP, 0), INT, INT, FIELD(1)), -EBADMSG);
    assert_int_equal(check_codes(COIL_TYPE(COIL_OP_NOOP, 1), COIL_TYPE(COIL_OP_NOOP, 0), INT, FIELD(2)), -EBADMSG);
    assert_int_equal(check_codes(COIL_TYPE(COIL_OP_TYPENAME, 0), INT, COIL_TYPE(COIL_OP_NOOP, 0), FIELD(1)), -EBADMSG);
    assert_int_equal(check_codes(COIL_TYPE(COIL_OP_ARRAY, 0), 4, INT, FIELD(2)), -EBADMSG);
    assert_int_equal(check_codes(COIL_TYPE(COIL_OP_OPEN_ARRAY, 0), INT, INT, FIELD(2)), -EBADMSG);
    assert_int_equal(check_codes(INT, INT, INT, FIELD(3)), -EBADMSG);
    assert_int_equal(check_codes(COIL_TYPE(COIL_OP_ARRAY, 2), 4, INT, FIELD(0)), 0);
    assert_int_equal(check_codes(COIL_TYPE(COIL_OP_ARRAY, 3), 4, INT, FIELD(0)), -EBADMSG);
    /* A bit-field of the struct's own type. */
    assert_int_equal(check_codes(INT, INT, INT, COIL_TYPE(COIL_OP_BITFIELD, 3)), -EBADMSG);
}

static void what_points_to_itself_is_good(void **state)
{
    (void)state;
    assert_int_equal(check_codes(COIL_TYPE(COIL_OP_POINTER, 3), INT, INT, FIELD(0)), 0);
    assert_int_equal(check_codes(COIL_TYPE(COIL_OP_POINTER, 0), INT, INT, FIELD(0)), 0);
    assert_int_equal(check_codes(COIL_TYPE(COIL_OP_POINTER, 1), COIL_TYPE(COIL_OP_FUNCTION, 0),
                                 COIL_TYPE(COIL_OP_FUNCTION_END, 0), FIELD(0)),
                     0);
}

static void arrays_are_not_larger_than_memory(void **state)
{
    (void)state;
    assert_int_equal(check_codes(COIL_TYPE(COIL_OP_ARRAY, 2), INT64_MAX / 4, INT, FIELD(2)), 0);
    assert_int_equal(check_codes(COIL_TYPE(COIL_OP_ARRAY, 2), INT64_MAX / 2, INT, FIELD(2)), -EBADMSG);
    assert_int_equal(check_codes(COIL_TYPE(COIL_OP_ARRAY, 2), INT64_MAX, INT, FIELD(2)), -EBADMSG);
}

/* ---- what nests ---- */

/* `count` names, each for the one before it. */
static int check_chain(uint32_t count)
{
    struct builder b = build(count * 8 + 1024);
    coil_type_code *codes = table(&b, &head(&b)->types, count + 1, sizeof *codes);

    codes[0] = INT;
    for (uint32_t i = 1; i <= count; i++)
        codes[count + 1 - i] = COIL_TYPE(COIL_OP_NOOP, i == count ? 0 : count - i);
    texts(&b);
    return verdict(&b);
}

/* The same the other way round: the walk begins at the far end. */
static int check_chain_backwards(uint32_t count)
{
    struct builder b = build(count * 8 + 1024);
    coil_type_code *codes = table(&b, &head(&b)->types, count + 1, sizeof *codes);

    for (uint32_t i = 0; i < count; i++)
        codes[i] = COIL_TYPE(COIL_OP_NOOP, i + 1);
    codes[count] = INT;
    texts(&b);
    return verdict(&b);
}

static void what_nests_ends(void **state)
{
    (void)state;
    assert_int_equal(check_chain(1000), 0);
    assert_int_equal(check_chain_backwards(1000), 0);
    assert_int_equal(check_chain(4095), 0);
    assert_int_equal(check_chain(4096), -EBADMSG);
    assert_int_equal(check_chain_backwards(4095), 0);
    assert_int_equal(check_chain_backwards(4096), -EBADMSG);
    assert_int_equal(check_chain(100000), -EBADMSG);
    assert_int_equal(check_chain_backwards(1000000), -EBADMSG);
}

/* ---- time ---- */

static double seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Structs that all claim the same fields. */
static int check_shared_fields(uint32_t structs, uint32_t fields)
{
    struct builder b = build(COIL_IMAGE_SIZE_MAX);
    coil_type_code *codes = table(&b, &head(&b)->types, structs + 1, sizeof *codes);
    struct coil_descriptor_struct *s = table(&b, &head(&b)->structs, structs, sizeof *s);
    struct coil_descriptor_field *f = table(&b, &head(&b)->fields, fields, sizeof *f);
    char *names;

    codes[structs] = INT;
    for (uint32_t i = 0; i < structs; i++) {
        codes[i] = COIL_TYPE(COIL_OP_STRUCT_UNION, i);
        s[i] = (struct coil_descriptor_struct){ TEXT_S + i * 8, i, 0, 8, 64, 0, fields };
    }
    for (uint32_t i = 0; i < fields; i++)
        f[i] = (struct coil_descriptor_field){ .name = TEXT_S, .code = FIELD(structs), .size = 4 };
    names = table(&b, &head(&b)->strings, structs * 8 + 8, 1);
    for (uint32_t i = 0; i < structs; i++)
        (void)snprintf(names + TEXT_S + i * 8, 8, "%07x", i);
    return verdict(&b);
}

/* Functions that all claim the same parameters. */
static int check_shared_values(uint32_t functions, uint32_t values)
{
    struct builder b = build(COIL_IMAGE_SIZE_MAX);
    coil_type_code *codes = table(&b, &head(&b)->types, 3, sizeof *codes);
    struct coil_descriptor_function *f = table(&b, &head(&b)->functions, functions, sizeof *f);
    struct coil_descriptor_value *v = table(&b, &head(&b)->values, values, sizeof *v);

    codes[0] = INT;
    codes[1] = COIL_TYPE(COIL_OP_FUNCTION, 0);
    codes[2] = COIL_TYPE(COIL_OP_FUNCTION_END, 0);
    for (uint32_t i = 0; i < functions; i++)
        f[i] = (struct coil_descriptor_function){ .name = TEXT_S,
                                                  .type = 1,
                                                  .call_size = 4 * values,
                                                  .result_size = 4,
                                                  .parameter_count = values,
                                                  .result = { .size = 4 } };
    for (uint32_t i = 0; i < values; i++)
        v[i] = (struct coil_descriptor_value){ .size = 4, .offset = 4 * i };
    texts(&b);
    return verdict(&b);
}

/* Arrays that all have the same long length. */
static int check_shared_expression(uint32_t values, uint32_t steps)
{
    struct builder b = build(COIL_IMAGE_SIZE_MAX);
    coil_type_code *codes = table(&b, &head(&b)->types, 5, sizeof *codes);
    struct coil_descriptor_function *f = table(&b, &head(&b)->functions, 1, sizeof *f);
    struct coil_descriptor_value *v = table(&b, &head(&b)->values, values, sizeof *v);
    struct coil_descriptor_expression *e = table(&b, &head(&b)->expressions, steps, sizeof *e);

    codes[0] = INT;
    codes[1] = COIL_TYPE(COIL_OP_FUNCTION, 3);
    codes[2] = COIL_TYPE(COIL_OP_FUNCTION_END, 0);
    codes[3] = COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_VOID);
    codes[4] = COIL_TYPE(COIL_OP_POINTER, 0);
    f[0] = (struct coil_descriptor_function){
        .name = TEXT_S, .type = 1, .call_size = 8 * values, .parameter_count = values, .result = { .type = 3 }
    };
    for (uint32_t i = 0; i < values; i++)
        v[i] = (struct coil_descriptor_value){
            .type = 4, .crossing = COIL_CROSS_BLOCK_IN, .size = 8, .offset = 8 * i, .extent = 4, .count = 1
        };
    /* 1, then again and again: 1 + */
    for (uint32_t i = 0; i + 1 < steps; i++)
        e[i].operation = i % 2 == 1 ? COIL_EXPRESSION_CONSTANT : i ? COIL_EXPRESSION_ADD : COIL_EXPRESSION_CONSTANT;
    texts(&b);
    return verdict(&b);
}

/* Names that lie within each other, each a little longer than the one before. */
static int check_shared_names(uint32_t count, uint32_t length)
{
    struct builder b = build(COIL_IMAGE_SIZE_MAX);
    struct coil_descriptor_global *g = table(&b, &head(&b)->globals, count, sizeof *g);
    char *names = table(&b, &head(&b)->strings, length + 2, 1);

    memset(names + 1, 'a', length);
    head(&b)->name = length;
    for (uint32_t i = 0; i < count; i++)
        g[i] = (struct coil_descriptor_global){ .name = length - i, .code = COIL_TYPE(COIL_OP_CONSTANT_INT, 0) };
    return verdict(&b);
}

/* What takes a step for each pair of rows would take minutes. */
static void no_descriptor_keeps_its_checker_busy(void **state)
{
    double began = seconds();

    (void)state;
    assert_int_equal(check_shared_fields(1, 50000), 0);
    assert_int_equal(check_shared_fields(50000, 50000), -EBADMSG);
    assert_int_equal(check_shared_values(1, 50000), 0);
    assert_int_equal(check_shared_values(30000, 50000), -EBADMSG);
    assert_int_equal(check_shared_expression(50000, COIL_EXPRESSION_STEPS_MAX), 0);
    assert_int_equal(check_shared_expression(50000, 200000), -EBADMSG);
    assert_int_equal(check_shared_names(4000, 4000), 0);
    assert_int_equal(check_shared_names(100000, 3000000), -EBADMSG);
    assert_true(seconds() - began < 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_part_of_itself),
        cmocka_unit_test(what_points_to_itself_is_good),
        cmocka_unit_test(arrays_are_not_larger_than_memory),
        cmocka_unit_test(what_nests_ends),
        cmocka_unit_test(no_descriptor_keeps_its_checker_busy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
