/*
 * CFFI's primitive types: their names in C and their numbers.  The one table
 * for the parser, which looks names up, and for the emitter, which writes
 * COIL_PRIM_*.  `bool` and FILE are typedefs that every module starts with (module.c).
 */
#include <string.h>

#include "proto/descriptor.h"
#include "stubgen/module.h"

static const struct {
    const char *name;
    const char *macro;
} primitives[COIL_PRIM_COUNT] = {
    [COIL_PRIM_VOID] = { "void", "VOID" },
    [COIL_PRIM_BOOL] = { "_Bool", "BOOL" },
    [COIL_PRIM_CHAR] = { "char", "CHAR" },
    [COIL_PRIM_SCHAR] = { "signed char", "SCHAR" },
    [COIL_PRIM_UCHAR] = { "unsigned char", "UCHAR" },
    [COIL_PRIM_SHORT] = { "short", "SHORT" },
    [COIL_PRIM_USHORT] = { "unsigned short", "USHORT" },
    [COIL_PRIM_INT] = { "int", "INT" },
    [COIL_PRIM_UINT] = { "unsigned int", "UINT" },
    [COIL_PRIM_LONG] = { "long", "LONG" },
    [COIL_PRIM_ULONG] = { "unsigned long", "ULONG" },
    [COIL_PRIM_LONGLONG] = { "long long", "LONGLONG" },
    [COIL_PRIM_ULONGLONG] = { "unsigned long long", "ULONGLONG" },
    [COIL_PRIM_FLOAT] = { "float", "FLOAT" },
    [COIL_PRIM_DOUBLE] = { "double", "DOUBLE" },
    [COIL_PRIM_LONGDOUBLE] = { "long double", "LONGDOUBLE" },
    [COIL_PRIM_WCHAR] = { "wchar_t", "WCHAR" },
    [COIL_PRIM_INT8] = { "int8_t", "INT8" },
    [COIL_PRIM_UINT8] = { "uint8_t", "UINT8" },
    [COIL_PRIM_INT16] = { "int16_t", "INT16" },
    [COIL_PRIM_UINT16] = { "uint16_t", "UINT16" },
    [COIL_PRIM_INT32] = { "int32_t", "INT32" },
    [COIL_PRIM_UINT32] = { "uint32_t", "UINT32" },
    [COIL_PRIM_INT64] = { "int64_t", "INT64" },
    [COIL_PRIM_UINT64] = { "uint64_t", "UINT64" },
    [COIL_PRIM_INTPTR] = { "intptr_t", "INTPTR" },
    [COIL_PRIM_UINTPTR] = { "uintptr_t", "UINTPTR" },
    [COIL_PRIM_PTRDIFF] = { "ptrdiff_t", "PTRDIFF" },
    [COIL_PRIM_SIZE] = { "size_t", "SIZE" },
    [COIL_PRIM_SSIZE] = { "ssize_t", "SSIZE" },
    [COIL_PRIM_INT_LEAST8] = { "int_least8_t", "INT_LEAST8" },
    [COIL_PRIM_UINT_LEAST8] = { "uint_least8_t", "UINT_LEAST8" },
    [COIL_PRIM_INT_LEAST16] = { "int_least16_t", "INT_LEAST16" },
    [COIL_PRIM_UINT_LEAST16] = { "uint_least16_t", "UINT_LEAST16" },
    [COIL_PRIM_INT_LEAST32] = { "int_least32_t", "INT_LEAST32" },
    [COIL_PRIM_UINT_LEAST32] = { "uint_least32_t", "UINT_LEAST32" },
    [COIL_PRIM_INT_LEAST64] = { "int_least64_t", "INT_LEAST64" },
    [COIL_PRIM_UINT_LEAST64] = { "uint_least64_t", "UINT_LEAST64" },
    [COIL_PRIM_INT_FAST8] = { "int_fast8_t", "INT_FAST8" },
    [COIL_PRIM_UINT_FAST8] = { "uint_fast8_t", "UINT_FAST8" },
    [COIL_PRIM_INT_FAST16] = { "int_fast16_t", "INT_FAST16" },
    [COIL_PRIM_UINT_FAST16] = { "uint_fast16_t", "UINT_FAST16" },
    [COIL_PRIM_INT_FAST32] = { "int_fast32_t", "INT_FAST32" },
    [COIL_PRIM_UINT_FAST32] = { "uint_fast32_t", "UINT_FAST32" },
    [COIL_PRIM_INT_FAST64] = { "int_fast64_t", "INT_FAST64" },
    [COIL_PRIM_UINT_FAST64] = { "uint_fast64_t", "UINT_FAST64" },
    [COIL_PRIM_INTMAX] = { "intmax_t", "INTMAX" },
    [COIL_PRIM_UINTMAX] = { "uintmax_t", "UINTMAX" },
    [COIL_PRIM_FLOATCOMPLEX] = { "float _Complex", "FLOATCOMPLEX" },
    [COIL_PRIM_DOUBLECOMPLEX] = { "double _Complex", "DOUBLECOMPLEX" },
    [COIL_PRIM_CHAR16] = { "char16_t", "CHAR16" },
    [COIL_PRIM_CHAR32] = { "char32_t", "CHAR32" },
};

struct coil_type *coil_primitive_find(struct coil_module_model *module, const char *name)
{
    for (int i = 0; i < COIL_PRIM_COUNT; i++)
        if (strcmp(primitives[i].name, name) == 0) {
            struct coil_type *type = coil_type_new(module->arena, COIL_KIND_PRIMITIVE, NULL);

            type->primitive = i;
            type->name = primitives[i].name;
            return type;
        }
    return NULL;
}

const char *coil_primitive_name(int primitive)
{
    return primitives[primitive].name;
}

const char *coil_primitive_macro(int primitive)
{
    return primitives[primitive].macro;
}
