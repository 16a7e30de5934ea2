/*
 * Calls and closures by signature: every kind of value, through a call, a closure, and one through the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "proto/native.h"

struct inner {
    float f[2];
};
struct mixed {
    int x;
    char tag[3];
    double weight;
    struct inner inner;
};
struct large {
    long v[100];
};

enum {
    T_VOID,
    T_SCHAR,
    T_USHORT,
    T_INT,
    T_UINT,
    T_LONG,
    T_FLOAT,
    T_DOUBLE,
    T_LONGDOUBLE,
    T_BOOL,
    T_CHAR,
    T_CHAR_P,
    T_INNER,
    T_MIXED,
    T_LARGE,
    T_UNION,
    T_BITS,
    T_PACKED,
    T_PARTIAL,
    T_COLOR,
    T_COMPLEX,
    T_CHAR3,
    T_CHAR3_LENGTH,
    T_FLOAT2,
    T_FLOAT2_LENGTH,
    T_LONGS,
    T_LONGS_LENGTH,
    T_FUNCTION,
    T_END,
    T_COUNT
};
enum { S_INNER, S_MIXED, S_LARGE, S_UNION, S_BITS, S_PACKED, S_PARTIAL, S_COUNT };
enum color { RED = -1, BLUE };
#define VALUES_MAX 20
#define PRIMITIVE(name) COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_##name)
#define STRUCT(number) COIL_TYPE(COIL_OP_STRUCT_UNION, number)
#define ARRAY(item) COIL_TYPE(COIL_OP_ARRAY, item)

static struct image {
    struct coil_descriptor head;
    coil_type_code types[T_COUNT];
    struct coil_descriptor_struct structs[S_COUNT];
    struct coil_descriptor_field fields[16];
    struct coil_descriptor_enum enums[1];
    struct coil_descriptor_value values[VALUES_MAX];
    char strings[32];
} image = {
    .head = { COIL_DESCRIPTOR_MAGIC, COIL_DESCRIPTOR_FORMAT, sizeof image,
              sizeof(void *) << 16 | sizeof(long double) << 8 | sizeof(wchar_t), 1, 0 },
    .types = { PRIMITIVE(VOID),
               PRIMITIVE(SCHAR),
               PRIMITIVE(USHORT),
               PRIMITIVE(INT),
               PRIMITIVE(UINT),
               PRIMITIVE(LONG),
               PRIMITIVE(FLOAT),
               PRIMITIVE(DOUBLE),
               PRIMITIVE(LONGDOUBLE),
               PRIMITIVE(BOOL),
               PRIMITIVE(CHAR),
               COIL_TYPE(COIL_OP_POINTER, T_CHAR),
               STRUCT(S_INNER),
               STRUCT(S_MIXED),
               STRUCT(S_LARGE),
               STRUCT(S_UNION),
               STRUCT(S_BITS),
               STRUCT(S_PACKED),
               STRUCT(S_PARTIAL),
               COIL_TYPE(COIL_OP_ENUM, 0),
               PRIMITIVE(DOUBLECOMPLEX),
               ARRAY(T_CHAR),
               3,
               ARRAY(T_FLOAT),
               2,
               ARRAY(T_LONG),
               100,
               COIL_TYPE(COIL_OP_FUNCTION, T_INT),
               COIL_TYPE(COIL_OP_FUNCTION_END, 0) },
    .structs = { { 3, T_INNER, COIL_STRUCT_CHECK_FIELDS, alignof(struct inner), sizeof(struct inner), 0, 1 },
                 { 3, T_MIXED, COIL_STRUCT_CHECK_FIELDS, alignof(struct mixed), sizeof(struct mixed), 1, 4 },
                 { 3, T_LARGE, COIL_STRUCT_CHECK_FIELDS, alignof(struct large), sizeof(struct large), 5, 1 },
                 { 3, T_UNION, COIL_STRUCT_CHECK_FIELDS | COIL_STRUCT_UNION, 4, 4, 6, 1 },
                 { 3, T_BITS, COIL_STRUCT_CHECK_FIELDS, 4, 4, 7, 1 },
                 { 3, T_PACKED, COIL_STRUCT_CHECK_FIELDS | COIL_STRUCT_PACKED, 1, 5, 8, 2 },
                 { 3, T_PARTIAL, 0, 4, 8, 6, 1 } },
    .fields = { { 3, 0, COIL_TYPE(COIL_OP_NOOP, T_FLOAT2), 0, 8 },
                { 3, 0, COIL_TYPE(COIL_OP_NOOP, T_INT), 0, 4 },
                { 3, 0, COIL_TYPE(COIL_OP_NOOP, T_CHAR3), 4, 3 },
                { 3, 0, COIL_TYPE(COIL_OP_NOOP, T_DOUBLE), 8, 8 },
                { 3, 0, COIL_TYPE(COIL_OP_NOOP, T_INNER), 16, 8 },
                { 3, 0, COIL_TYPE(COIL_OP_NOOP, T_LONGS), 0, 800 },
                { 3, 0, COIL_TYPE(COIL_OP_NOOP, T_INT), 0, 4 },
                { 3, 0, COIL_TYPE(COIL_OP_BITFIELD, T_INT), UINT64_MAX, 3 },
                { 3, 0, COIL_TYPE(COIL_OP_NOOP, T_CHAR), 0, 1 },
                { 3, 0, COIL_TYPE(COIL_OP_NOOP, T_INT), 1, 4 } },
    .enums = { { 3, T_COLOR, COIL_PRIM_INT, 0 } },
    .strings = "\0f\0thing",
};

static void place_tables(void)
{
    struct coil_descriptor *h = &image.head;

    h->types = (struct coil_descriptor_table){ offsetof(struct image, types), T_COUNT };
    h->structs = (struct coil_descriptor_table){ offsetof(struct image, structs), S_COUNT };
    h->fields = (struct coil_descriptor_table){ offsetof(struct image, fields), 10 };
    h->enums = (struct coil_descriptor_table){ offsetof(struct image, enums), 1 };
    h->values = (struct coil_descriptor_table){ offsetof(struct image, values), VALUES_MAX };
    h->strings = (struct coil_descriptor_table){ offsetof(struct image, strings), sizeof image.strings };
}

#define AT(frame, member, type_number)                                                                                 \
    (struct coil_descriptor_value)                                                                                     \
    {                                                                                                                  \
        .type = (type_number), .offset = offsetof(frame, member), .size = sizeof(((frame *)0)->member)                 \
    }

static struct coil_native *native_of(struct coil_descriptor_function *signature)
{
    struct coil_native *native = NULL;
    struct coil_error error;

    place_tables();
    if (coil_native_new(&image.head, signature, &native, &error) < 0)
        fail_msg("%s", error.text);
    return native;
}

static void refuses(uint32_t type, const char *words)
{
    struct coil_descriptor_function signature = { .type = T_FUNCTION, .result = { .type = type } };
    struct coil_native *native = NULL;
    struct coil_error error = { 0 };

    place_tables();
    assert_int_equal(coil_native_new(&image.head, &signature, &native, &error), -ENOTSUP);
    assert_null(native);
    if (!strstr(error.text, words))
        fail_msg("'%s' does not say '%s'", error.text, words);
}

/* ---- a bit of everything ---- */

struct all_call {
    signed char a;
    unsigned short b;
    int c;
    unsigned d;
    long e;
    float f;
    double g;
    long double h;
    _Bool i;
    const char *j;
    struct mixed k;
    struct large l;
    enum color m;
    double _Complex n;
    struct inner o;
    double more[6];
};

static double all(signed char a, unsigned short b, int c, unsigned d, long e, float f, double g, long double h, _Bool i,
                  const char *j, struct mixed k, struct large l, enum color m, double _Complex n, struct inner o,
                  double p, double q)
{
    return a + b + c + d + (double)e + (double)f + g + (double)h + i + (double)strlen(j) + k.x + k.tag[2] + k.weight +
           (double)k.inner.f[1] + (double)l.v[99] + m + __real__ n + __imag__ n * 3 + (double)o.f[0] + p + q * 5;
}

static const struct all_call example = { -1,
                                         65535,
                                         -3,
                                         4000000000u,
                                         -5,
                                         6.5f,
                                         7.25,
                                         8.125L,
                                         1,
                                         "nine",
                                         { 10, { 0, 0, 11 }, 12, { { 0, 13 } } },
                                         { { [99] = 14 } },
                                         RED,
                                         15.0,
                                         { { 16, 0 } },
                                         { 17, 18 } };

static double expected(void)
{
    return all(example.a, example.b, example.c, example.d, example.e, example.f, example.g, example.h, example.i,
               example.j, example.k, example.l, example.m, example.n, example.o, example.more[0], example.more[1]);
}

static struct coil_descriptor_function all_signature(void)
{
    const struct coil_descriptor_value values[] = {
        AT(struct all_call, a, T_SCHAR),        AT(struct all_call, b, T_USHORT),       AT(struct all_call, c, T_INT),
        AT(struct all_call, d, T_UINT),         AT(struct all_call, e, T_LONG),         AT(struct all_call, f, T_FLOAT),
        AT(struct all_call, g, T_DOUBLE),       AT(struct all_call, h, T_LONGDOUBLE),   AT(struct all_call, i, T_BOOL),
        AT(struct all_call, j, T_CHAR_P),       AT(struct all_call, k, T_MIXED),        AT(struct all_call, l, T_LARGE),
        AT(struct all_call, m, T_COLOR),        AT(struct all_call, n, T_COMPLEX),      AT(struct all_call, o, T_INNER),
        AT(struct all_call, more[0], T_DOUBLE), AT(struct all_call, more[1], T_DOUBLE),
    };

    memcpy(image.values, values, sizeof values);
    return (struct coil_descriptor_function){ .type = T_FUNCTION,
                                              .call_size = sizeof(struct all_call),
                                              .result_size = sizeof(double),
                                              .parameter_count = sizeof values / sizeof *values,
                                              .result = { .type = T_DOUBLE, .size = sizeof(double) } };
}

static void every_kind_of_argument_passes(void **state)
{
    struct coil_descriptor_function signature = all_signature();
    struct coil_native *native = native_of(&signature);
    struct coil_error error;
    double result = 0;

    (void)state;
    assert_int_equal(coil_native_call(native, (uint64_t)(uintptr_t)all, &example, &result, &error), 0);
    assert_true(result == expected());
    native = coil_native_free(native);
}

static int seen_errno;
static struct all_call seen;

static void run_all(void *data, void *call, void *result)
{
    double value = expected() + 1;

    seen_errno = errno;
    assert_ptr_equal(data, &seen);
    assert_int_equal((uintptr_t)call % 16, 0);
    memcpy(data, call, sizeof seen);
    memcpy(result, &value, sizeof value);
    errno = EDOM;
}

static void a_closure_gets_every_kind_of_argument(void **state)
{
    struct coil_descriptor_function signature = all_signature();
    struct coil_native *native = native_of(&signature);
    struct coil_closure *closure;
    struct coil_error error;
    uint64_t code;
    double result;

    (void)state;
    assert_int_equal(coil_closure_new(native, run_all, &seen, &closure, &code, &error), 0);
    errno = ENOTTY;
    result = ((__typeof__(all) *)(uintptr_t)code)(example.a, example.b, example.c, example.d, example.e, example.f,
                                                  example.g, example.h, example.i, example.j, example.k, example.l,
                                                  example.m, example.n, example.o, example.more[0], example.more[1]);
    assert_int_equal(errno, EDOM);
    assert_int_equal(seen_errno, ENOTTY);
    assert_true(result == expected() + 1);
    assert_true(all(seen.a, seen.b, seen.c, seen.d, seen.e, seen.f, seen.g, seen.h, seen.i, seen.j, seen.k, seen.l,
                    seen.m, seen.n, seen.o, seen.more[0], seen.more[1]) == expected());
    closure = coil_closure_free(closure);
    native = coil_native_free(native);
}

/* ---- results of every kind: a call of a closure that echoes its argument ---- */

static uint32_t echo_size;

static void run_echo(void *data, void *call, void *result)
{
    (void)data;
    memcpy(result, call, echo_size);
}

static void echo(uint32_t type, const void *value, uint32_t size)
{
    struct coil_descriptor_function signature = { .type = T_FUNCTION,
                                                  .call_size = size,
                                                  .result_size = size,
                                                  .parameter_count = 1,
                                                  .result = { .type = type, .size = size } };
    alignas(16) unsigned char call[800], result[816];
    struct coil_native *native;
    struct coil_closure *closure;
    struct coil_error error;
    uint64_t code;

    image.values[0] = (struct coil_descriptor_value){ .type = type, .size = size };
    native = native_of(&signature);
    echo_size = size;
    assert_int_equal(coil_closure_new(native, run_echo, NULL, &closure, &code, &error), 0);
    memcpy(call, value, size);
    memset(result, 0x55, sizeof result);
    assert_int_equal(coil_native_call(native, code, call, result, &error), 0);
    assert_memory_equal(result, value, size);
    for (uint32_t i = size; i < sizeof result; i++)
        assert_int_equal(result[i], 0x55);
    closure = coil_closure_free(closure);
    native = coil_native_free(native);
}

#define ECHO(type_number, type, ...) echo(type_number, &(type){ __VA_ARGS__ }, sizeof(type))

static void every_kind_of_result_passes(void **state)
{
    struct mixed mixed;
    struct large large;
    long double wide;

    (void)state;
    ECHO(T_SCHAR, signed char, -7);
    ECHO(T_CHAR, char, 'x');
    ECHO(T_USHORT, unsigned short, 65000);
    ECHO(T_INT, int, -70000);
    ECHO(T_UINT, unsigned, 4000000000u);
    ECHO(T_LONG, long, -5000000000);
    ECHO(T_FLOAT, float, 1.5f);
    ECHO(T_DOUBLE, double, 2.5);
    ECHO(T_BOOL, _Bool, 1);
    ECHO(T_CHAR_P, char *, (char *)&image);
    ECHO(T_COLOR, enum color, RED);
    ECHO(T_COMPLEX, double _Complex, 3.5);
    ECHO(T_INNER, struct inner, { 1, 2 });
    memset(&wide, 0, sizeof wide);
    wide = 3.25L;
    echo(T_LONGDOUBLE, &wide, 10); /* the rest is padding */
    memset(&mixed, 0x42, sizeof mixed);
    echo(T_MIXED, &mixed, sizeof mixed);
    memset(&large, 0x42, sizeof large);
    echo(T_LARGE, &large, sizeof large);
}

/* A caller may look at the whole register of a small integer. */
static void small_results_are_widened(void **state)
{
    struct coil_descriptor_function signature = { .type = T_FUNCTION,
                                                  .call_size = 1,
                                                  .result_size = 1,
                                                  .parameter_count = 1,
                                                  .result = { .type = T_SCHAR, .size = 1 } };
    struct coil_native *native;
    struct coil_closure *closure;
    struct coil_error error;
    uint64_t code;

    (void)state;
    image.values[0] = (struct coil_descriptor_value){ .type = T_SCHAR, .size = 1 };
    native = native_of(&signature);
    echo_size = 1;
    assert_int_equal(coil_closure_new(native, run_echo, NULL, &closure, &code, &error), 0);
    assert_int_equal(((int (*)(int))(uintptr_t)code)(-3), -3);
    closure = coil_closure_free(closure);
    native = coil_native_free(native);
}

static int called;
static void call_nothing(void)
{
    called++;
}

static void nothing_to_pass_is_fine(void **state)
{
    struct coil_descriptor_function signature = { .type = T_FUNCTION, .result = { .type = T_VOID } };
    struct coil_native *native = native_of(&signature);
    struct coil_error error;

    (void)state;
    assert_int_equal(coil_native_call(native, (uint64_t)(uintptr_t)call_nothing, NULL, NULL, &error), 0);
    assert_int_equal(called, 1);
    native = coil_native_free(native);
}

struct print_call {
    char *to;
    long size;
    const char *format;
};

static void variadic_arguments_follow(void **state)
{
    struct coil_descriptor_function signature = { .type = T_FUNCTION,
                                                  .call_size = sizeof(struct print_call),
                                                  .result_size = sizeof(int),
                                                  .parameter_count = 3,
                                                  .result = { .type = T_INT, .size = sizeof(int) } };
    const uint32_t types[] = { COIL_PRIM_INT, COIL_PRIM_DOUBLE, COIL_PRIM_COUNT, COIL_PRIM_LONGDOUBLE,
                               COIL_PRIM_ULONG };
    char text[64];
    struct print_call call = { text, sizeof text, "%d %.2f %s %.1Lf %lu" };
    union {
        int i;
        unsigned long u;
        double d;
        const char *s;
        long double l;
    } values[5] = { { .i = -1 }, { .d = 2.25 }, { .s = "three" }, { .l = 4.5L }, { .u = 5 } };
    struct coil_native *native;
    struct coil_error error;
    int result = 0;

    (void)state;
    image.values[0] = AT(struct print_call, to, T_CHAR_P);
    image.values[1] = AT(struct print_call, size, T_LONG);
    image.values[2] = AT(struct print_call, format, T_CHAR_P);
    native = native_of(&signature);
    assert_int_equal(
        coil_native_call_variadic(native, (uint64_t)(uintptr_t)snprintf, &call, 5, types, values, &result, &error), 0);
    assert_string_equal(text, "-1 2.25 three 4.5 5");
    assert_int_equal(result, strlen(text));
    assert_int_equal(coil_native_call_variadic(native, (uint64_t)(uintptr_t)snprintf, &call, 1,
                                               &(uint32_t){ COIL_PRIM_FLOAT }, values, &result, &error),
                     -EINVAL);
    native = coil_native_free(native);
}

static void what_cannot_be_passed_is_refused(void **state)
{
    (void)state;
    refuses(T_UNION, "it is a union");
    refuses(T_BITS, "'thing' by value cannot be passed through a function pointer: it has bit-fields");
    refuses(T_PACKED, "layout");
    refuses(T_PARTIAL, "...");
}

/* Structs that each contain the next one twice: what takes a step for each path through them takes for ever. */
static void each_struct_is_described_once(void **state)
{
    enum { LEVELS = 24 };
    static struct nested {
        struct coil_descriptor head;
        coil_type_code types[LEVELS + 1];
        struct coil_descriptor_struct structs[LEVELS];
        struct coil_descriptor_field fields[LEVELS * 2];
        char strings[8];
    } nested;
    const struct coil_descriptor_function signature = { .result_size = 8u << (LEVELS - 1),
                                                        .result = { .type = 0, .size = 8u << (LEVELS - 1) } };
    struct coil_native *native;
    struct coil_error error = { 0 };
    clock_t began = clock();

    (void)state;
    nested.head.types = (struct coil_descriptor_table){ (uint32_t)offsetof(struct nested, types), LEVELS + 1 };
    nested.head.structs = (struct coil_descriptor_table){ (uint32_t)offsetof(struct nested, structs), LEVELS };
    nested.head.fields = (struct coil_descriptor_table){ (uint32_t)offsetof(struct nested, fields), LEVELS * 2 };
    nested.head.strings = (struct coil_descriptor_table){ (uint32_t)offsetof(struct nested, strings), 8 };
    nested.types[LEVELS] = PRIMITIVE(INT);
    for (uint32_t i = 0; i < LEVELS; i++) {
        uint64_t half = UINT64_C(4) << (LEVELS - 1 - i);

        nested.types[i] = STRUCT(i);
        nested.structs[i] = (struct coil_descriptor_struct){ 0, i, COIL_STRUCT_CHECK_FIELDS, 4, half * 2, i * 2, 2 };
        for (uint32_t f = 0; f < 2; f++)
            nested.fields[i * 2 + f] =
                (struct coil_descriptor_field){ 0, 0, COIL_TYPE(COIL_OP_NOOP, i + 1), f * half, half };
    }
    if (coil_native_new(&nested.head, &signature, &native, &error) < 0)
        fail_msg("%s", error.text);
    native = coil_native_free(native);
    assert_true(clock() - began < CLOCKS_PER_SEC / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_argument_passes),    cmocka_unit_test(a_closure_gets_every_kind_of_argument),
        cmocka_unit_test(every_kind_of_result_passes),      cmocka_unit_test(small_results_are_widened),
        cmocka_unit_test(nothing_to_pass_is_fine),          cmocka_unit_test(variadic_arguments_follow),
        cmocka_unit_test(what_cannot_be_passed_is_refused), cmocka_unit_test(each_struct_is_described_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
