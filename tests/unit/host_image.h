/*
 * Descriptors made by hand, for tests of the host: what coil-stubgen and the C
 * compiler would put together, from a table of functions.
 */
#ifndef TEST_HOST_IMAGE_H
#define TEST_HOST_IMAGE_H

#include <complex.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "proto/image.h"

struct point {
    int x;
    char tag;
    double weight;
};

enum color { COLOR_RED = -1, COLOR_BLUE = 5 };

/* Numbers of the types below. */
enum {
    T_VOID,
    T_BOOL,
    T_CHAR,
    T_UCHAR,
    T_INT,
    T_UINT,
    T_LONG,
    T_U64,
    T_FLOAT,
    T_DOUBLE,
    T_LONGDOUBLE,
    T_WCHAR,
    T_FLOATCOMPLEX,
    T_DOUBLECOMPLEX,
    T_CHAR32,
    T_POINT,
    T_COLOR,
    T_CHAR_P,
    T_VOID_P,
    T_POINT_P,
    T_INT8,
    T_SHORT,
    T_UNION,
    T_ARRAY,
    T_ARRAY_LENGTH,
    T_COUNT
};

union number {
    int i;
    double d;
};

static const coil_type_code type_codes[T_COUNT] = {
    COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_VOID),
    COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_BOOL),
    COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_CHAR),
    COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_UCHAR),
    COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_INT),
    COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_UINT),
    COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_LONG),
    COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_UINT64),
    COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_FLOAT),
    COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_DOUBLE),
    COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_LONGDOUBLE),
    COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_WCHAR),
    COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_FLOATCOMPLEX),
    COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_DOUBLECOMPLEX),
    COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_CHAR32),
    COIL_TYPE(COIL_OP_STRUCT_UNION, 1),
    COIL_TYPE(COIL_OP_ENUM, 0),
    COIL_TYPE(COIL_OP_POINTER, T_CHAR),
    COIL_TYPE(COIL_OP_POINTER, T_VOID),
    COIL_TYPE(COIL_OP_POINTER, T_POINT),
    COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_INT8),
    COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_SHORT),
    COIL_TYPE(COIL_OP_STRUCT_UNION, 0),
    COIL_TYPE(COIL_OP_ARRAY, T_INT),
    3,
};

static const size_t type_sizes[T_COUNT] = {
    0,
    1,
    1,
    1,
    sizeof(int),
    sizeof(int),
    sizeof(long),
    8,
    sizeof(float),
    sizeof(double),
    sizeof(long double),
    sizeof(wchar_t),
    sizeof(float _Complex),
    sizeof(double _Complex),
    4,
    sizeof(struct point),
    sizeof(enum color),
    sizeof(char *),
    sizeof(void *),
    sizeof(void *),
    1,
    sizeof(short),
    sizeof(union number),
    3 * sizeof(int),
    0,
};

struct function_row {
    const char *name;
    unsigned result;
    unsigned parameters[20]; /* ends with 0 */
};

/* Every value in a frame lies at a multiple of 16 here, or right at 3 more, to see that nothing relies on
 * alignment. */
#define SLOT 35u
#define SLOT_OFFSET(index) ((uint32_t)(index)*SLOT + 3u)

struct image_builder {
    char *bytes;
    uint32_t used;
    uint32_t text_used;
    char texts[32768];
};

static uint32_t image_text(struct image_builder *b, const char *text)
{
    uint32_t at = b->text_used;

    (void)strcpy(b->texts + at, text);
    b->text_used += (uint32_t)strlen(text) + 1;
    return at;
}

static struct coil_descriptor_table image_table(struct image_builder *b, const void *rows, uint32_t count,
                                                size_t size)
{
    struct coil_descriptor_table table = {b->used, count};

    memcpy(b->bytes + b->used, rows, count * size);
    b->used += (uint32_t)((count * size + 7) / 8 * 8);
    return table;
}

static unsigned parameter_count(const struct function_row *row)
{
    unsigned count = 0;

    while (row->parameters[count])
        count++;
    return count;
}

static struct coil_descriptor_global image_global(struct image_builder *b, const char *name,
                                                  coil_type_code code, long long value, double real)
{
    return (struct coil_descriptor_global){.name = image_text(b, name),
                                           .negative = value <= 0,
                                           .code = code,
                                           .value = (uint64_t)value,
                                           .real = real};
}

/* A checked image of module `name` with the constants and types of this header; free() it. */
static inline struct coil_descriptor *image_new(const char *name, const char *init_code,
                                                const struct function_row *rows, unsigned row_count)
{
    struct image_builder *b = calloc(1, sizeof *b);
    struct coil_descriptor head = {.magic = COIL_DESCRIPTOR_MAGIC,
                                   .format = COIL_DESCRIPTOR_FORMAT,
                                   .word = sizeof(void *) << 16 | sizeof(long double) << 8 | sizeof(wchar_t)};
    struct coil_descriptor_function functions[64] = {0};
    struct coil_descriptor_value values[256] = {0};
    coil_type_code codes[T_COUNT + 64 * 3];
    uint32_t code_count = T_COUNT;
    uint32_t value_count = 0;
    struct coil_descriptor *image;

    b->bytes = calloc(1, 65536);
    b->text_used = 1;
    b->used = sizeof head;
    head.name = image_text(b, name);
    head.init_code = image_text(b, init_code);
    memcpy(codes, type_codes, sizeof type_codes);
    for (unsigned i = 0; i < row_count; i++) {
        unsigned count = parameter_count(&rows[i]);

        /* The parameters' types are not repeated in the function's codes; nothing asks for them. */
        functions[i] = (struct coil_descriptor_function){
            .name = image_text(b, rows[i].name),
            .type = code_count,
            .call_size = count * SLOT,
            .result_size = (uint32_t)type_sizes[rows[i].result],
            .first_value = value_count,
            .parameter_count = count,
            .result = {.type = rows[i].result, .size = type_sizes[rows[i].result]},
        };
        codes[code_count++] = COIL_TYPE(COIL_OP_FUNCTION, rows[i].result);
        codes[code_count++] = COIL_TYPE(COIL_OP_FUNCTION_END, 0);
        for (unsigned p = 0; p < count; p++)
            values[value_count++] = (struct coil_descriptor_value){.type = rows[i].parameters[p],
                                                                   .offset = SLOT_OFFSET(p),
                                                                   .size = type_sizes[rows[i].parameters[p]]};
    }
    const struct coil_descriptor_struct structs[] = {
        {.name = image_text(b, "$number"),
         .type = T_UNION,
         .flags = COIL_STRUCT_UNION | COIL_STRUCT_CHECK_FIELDS,
         .alignment = _Alignof(union number),
         .size = sizeof(union number),
         .first_field = 3,
         .field_count = 2},
        {.name = image_text(b, "point"),
         .type = T_POINT,
         .flags = COIL_STRUCT_CHECK_FIELDS,
         .alignment = _Alignof(struct point),
         .size = sizeof(struct point),
         .first_field = 0,
         .field_count = 3},
    };
    const struct coil_descriptor_field fields[] = {
        {.name = image_text(b, "x"),
         .code = COIL_TYPE(COIL_OP_NOOP, T_INT),
         .offset = offsetof(struct point, x),
         .size = sizeof(int)},
        {.name = image_text(b, "tag"),
         .code = COIL_TYPE(COIL_OP_NOOP, T_CHAR),
         .offset = offsetof(struct point, tag),
         .size = 1},
        {.name = image_text(b, "weight"),
         .code = COIL_TYPE(COIL_OP_NOOP, T_DOUBLE),
         .offset = offsetof(struct point, weight),
         .size = sizeof(double)},
        {.name = image_text(b, "i"),
         .code = COIL_TYPE(COIL_OP_NOOP, T_INT),
         .offset = 0,
         .size = sizeof(int)},
        {.name = image_text(b, "d"),
         .code = COIL_TYPE(COIL_OP_NOOP, T_DOUBLE),
         .offset = 0,
         .size = sizeof(double)},
    };
    const struct coil_descriptor_enum enums[] = {
        {.name = image_text(b, "color"),
         .type = T_COLOR,
         .primitive = COIL_PRIM_INT,
         .enumerators = image_text(b, "COLOR_RED,COLOR_BLUE")},
    };
    const struct coil_descriptor_typename typenames[] = {
        {.name = image_text(b, "number"), .type = T_UNION},
        {.name = image_text(b, "triple"), .type = T_ARRAY},
    };
    const struct coil_descriptor_global globals[] = {
        image_global(b, "BIG", COIL_TYPE(COIL_OP_CONSTANT_INT, 0), -1, 0),
        image_global(b, "COLOR_BLUE", COIL_TYPE(COIL_OP_ENUM, -1), COLOR_BLUE, 0),
        image_global(b, "COLOR_RED", COIL_TYPE(COIL_OP_ENUM, -1), COLOR_RED, 0),
        image_global(b, "HUGE_ONE", COIL_TYPE(COIL_OP_CONSTANT_INT, 0), 42, 0),
        image_global(b, "LONG_PI", COIL_TYPE(COIL_OP_CONSTANT, T_LONGDOUBLE), 0, 3.25),
        image_global(b, "PI", COIL_TYPE(COIL_OP_CONSTANT, T_DOUBLE), 0, 3.5),
        image_global(b, "SIZE", COIL_TYPE(COIL_OP_CONSTANT_INT, 0), 7, 0),
        image_global(b, "c_function", COIL_TYPE(COIL_OP_DLOPEN_FUNC, T_COUNT), 0, 0),
        image_global(b, "c_variable", COIL_TYPE(COIL_OP_GLOBAL_VAR, T_INT), 0, 0),
    };
    const struct coil_descriptor_function signatures[] = {
        {.name = image_text(b, "c_function"),
         .type = T_COUNT,
         .result_size = (uint32_t)type_sizes[rows[0].result],
         .result = {.type = rows[0].result, .size = type_sizes[rows[0].result]}},
    };
    const struct coil_descriptor_value variables[] = {
        {.name = image_text(b, "c_variable"), .type = T_INT, .size = sizeof(int)},
    };
    struct coil_descriptor_global fixed[9];

    memcpy(fixed, globals, sizeof fixed);
    fixed[3].value = UINT64_MAX; /* 2**64 - 1, not negative */
    head.types = image_table(b, codes, code_count, sizeof *codes);
    head.globals = image_table(b, fixed, 9, sizeof *fixed);
    head.structs = image_table(b, structs, 2, sizeof *structs);
    head.fields = image_table(b, fields, 5, sizeof *fields);
    head.enums = image_table(b, enums, 1, sizeof *enums);
    head.typenames = image_table(b, typenames, 2, sizeof *typenames);
    head.functions = image_table(b, functions, row_count, sizeof *functions);
    head.signatures = image_table(b, signatures, 1, sizeof *signatures);
    head.variables = image_table(b, variables, 1, sizeof *variables);
    head.values = image_table(b, values, value_count, sizeof *values);
    head.strings = image_table(b, b->texts, b->text_used, 1);
    head.size = b->used;
    memcpy(b->bytes, &head, sizeof head);
    image = (struct coil_descriptor *)b->bytes;
    free(b);
    return image;
}

#endif
