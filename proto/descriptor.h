/*
 * The descriptor: one module as plain C data.
 *
 * coil-stubgen writes it into the stub library as one constant structure
 * without pointers, whose sizes, offsets and constant values the C compiler
 * fills in.  The bytes of that structure are the descriptor everywhere: the
 * client sends them to the daemon, `NAME.coil` holds them, and the host builds
 * the tables of `_cffi_backend` from them.
 *
 * The image starts with `struct coil_descriptor`; every table is named by the
 * offset of its first entry from the start of the image and by its number of
 * entries.  Text is named by its offset in the table `strings`, where every
 * text ends in a NUL; offset 0 is the empty text.
 *
 * Type codes, primitive numbers and structure flags are those of CFFI's
 * out-of-line interface (parse_c_type.h of CFFI 1.15, version 0x2601), so that
 * the host hands them on unchanged.
 *
 * This header is installed as <coil/descriptor.h> and is included by generated
 * code: C11 and C++11, no extensions.
 */
#ifndef COIL_DESCRIPTOR_H
#define COIL_DESCRIPTOR_H

#include <stddef.h>
#include <stdint.h>

#define COIL_DESCRIPTOR_MAGIC 0x6c696f63u /* "coil" in memory, little-endian */
#define COIL_DESCRIPTOR_FORMAT 3u

/* A type code: an operation in the low 8 bits, its argument above (CFFI: _CFFI_OP). */
typedef uint64_t coil_type_code;

#define COIL_TYPE(operation, argument) ((coil_type_code)(operation) | ((coil_type_code)(argument) << 8))
#define COIL_TYPE_OPERATION(code) ((unsigned)((code) & 0xffu))
#define COIL_TYPE_ARGUMENT(code) ((int64_t)(code) >> 8)

/* Operations (CFFI: _CFFI_OP_*).  What the argument means stands behind each. */
#define COIL_OP_PRIMITIVE 1      /* COIL_PRIM_* */
#define COIL_OP_POINTER 3        /* index of the item in `types` */
#define COIL_OP_ARRAY 5          /* index of the item; the next code is the length, as a bare number */
#define COIL_OP_OPEN_ARRAY 7     /* index of the item */
#define COIL_OP_STRUCT_UNION 9   /* index in `structs` */
#define COIL_OP_ENUM 11          /* index in `enums` */
#define COIL_OP_FUNCTION 13      /* index of the result; parameters follow, up to FUNCTION_END */
#define COIL_OP_FUNCTION_END 15  /* 0, or 1 for a variadic function */
#define COIL_OP_NOOP 17          /* index of the type meant */
#define COIL_OP_BITFIELD 19      /* index of the field's type; only in `fields` */
#define COIL_OP_TYPENAME 21      /* index in `typenames` */
#define COIL_OP_CONSTANT 29      /* index of the type; only in `globals` */
#define COIL_OP_CONSTANT_INT 31  /* unused; only in `globals` */
#define COIL_OP_GLOBAL_VAR 33    /* index of the type; only in `globals` */
#define COIL_OP_DLOPEN_FUNC 35   /* index of the function; only in `globals`: a C function of the program */
#define COIL_OP_EXTERN_PYTHON 41 /* index of the POINTER to the function; only in `globals` */

/* Primitive types (CFFI: _CFFI_PRIM_*). */
enum {
    COIL_PRIM_VOID = 0,
    COIL_PRIM_BOOL = 1,
    COIL_PRIM_CHAR = 2,
    COIL_PRIM_SCHAR = 3,
    COIL_PRIM_UCHAR = 4,
    COIL_PRIM_SHORT = 5,
    COIL_PRIM_USHORT = 6,
    COIL_PRIM_INT = 7,
    COIL_PRIM_UINT = 8,
    COIL_PRIM_LONG = 9,
    COIL_PRIM_ULONG = 10,
    COIL_PRIM_LONGLONG = 11,
    COIL_PRIM_ULONGLONG = 12,
    COIL_PRIM_FLOAT = 13,
    COIL_PRIM_DOUBLE = 14,
    COIL_PRIM_LONGDOUBLE = 15,
    COIL_PRIM_WCHAR = 16,
    COIL_PRIM_INT8 = 17,
    COIL_PRIM_UINT8 = 18,
    COIL_PRIM_INT16 = 19,
    COIL_PRIM_UINT16 = 20,
    COIL_PRIM_INT32 = 21,
    COIL_PRIM_UINT32 = 22,
    COIL_PRIM_INT64 = 23,
    COIL_PRIM_UINT64 = 24,
    COIL_PRIM_INTPTR = 25,
    COIL_PRIM_UINTPTR = 26,
    COIL_PRIM_PTRDIFF = 27,
    COIL_PRIM_SIZE = 28,
    COIL_PRIM_SSIZE = 29,
    COIL_PRIM_INT_LEAST8 = 30,
    COIL_PRIM_UINT_LEAST8 = 31,
    COIL_PRIM_INT_LEAST16 = 32,
    COIL_PRIM_UINT_LEAST16 = 33,
    COIL_PRIM_INT_LEAST32 = 34,
    COIL_PRIM_UINT_LEAST32 = 35,
    COIL_PRIM_INT_LEAST64 = 36,
    COIL_PRIM_UINT_LEAST64 = 37,
    COIL_PRIM_INT_FAST8 = 38,
    COIL_PRIM_UINT_FAST8 = 39,
    COIL_PRIM_INT_FAST16 = 40,
    COIL_PRIM_UINT_FAST16 = 41,
    COIL_PRIM_INT_FAST32 = 42,
    COIL_PRIM_UINT_FAST32 = 43,
    COIL_PRIM_INT_FAST64 = 44,
    COIL_PRIM_UINT_FAST64 = 45,
    COIL_PRIM_INTMAX = 46,
    COIL_PRIM_UINTMAX = 47,
    COIL_PRIM_FLOATCOMPLEX = 48,
    COIL_PRIM_DOUBLECOMPLEX = 49,
    COIL_PRIM_CHAR16 = 50,
    COIL_PRIM_CHAR32 = 51,
    COIL_PRIM_COUNT = 52
};

/*
 * How a value crosses between the program and Python.
 *
 * Pointers into shared memory (the heap, coil_alloc(), staging) always cross as they are; what stands here
 * is what happens to those that lead into the private memory of one side.
 */
enum coil_crossing {
    COIL_CROSS_VALUE = 0,        /* as its bytes: scalars, structs and unions by value, opaque pointers */
    COIL_CROSS_STRING_IN = 1,    /* NUL-terminated bytes that Python reads; may be NULL */
    COIL_CROSS_STRING_INOUT = 2, /* the same, copied back at its original size */
    COIL_CROSS_BLOCK_IN = 3,     /* `extent` bytes that Python reads; may be NULL */
    COIL_CROSS_BLOCK_INOUT = 4,  /* the same, changed bytes copied back */
    COIL_CROSS_BLOCK_OUT = 5,    /* never read in the program; Python gets zeros, all of it is copied back */
    COIL_CROSS_FUNCTION = 6,     /* pointer to a function, callable on the other side; may be NULL */
    COIL_CROSS_UNSAID = 7,       /* a pointer the declaration says too little about: an exception when it is used */
    COIL_CROSS_FILE = 8,         /* FILE *, for C functions only: Python gives a file, the program opens its fd */
    COIL_CROSS_COUNT = 9
};

/*
 * How many elements an array has, said over the other values of its group (a function's parameters, a
 * struct's fields): a small program in reverse Polish notation.  All arithmetic is in signed 64 bits; overflow, division by zero and
 * a negative end are errors of the call.
 */
enum coil_expression_operation {
    COIL_EXPRESSION_END = 0,         /* the value is what is on the stack */
    COIL_EXPRESSION_CONSTANT = 1,    /* operand: the value */
    COIL_EXPRESSION_PARAMETER = 2,   /* operand: number of an integer in the group */
    COIL_EXPRESSION_DEREFERENCE = 3, /* operand: number of a value in the group that points to one integer; NULL counts as 0 */
    COIL_EXPRESSION_ADD = 4,
    COIL_EXPRESSION_SUBTRACT = 5,
    COIL_EXPRESSION_MULTIPLY = 6,
    COIL_EXPRESSION_DIVIDE = 7,
    COIL_EXPRESSION_OPERATION_COUNT = 8
};

#define COIL_EXPRESSION_DEPTH_MAX 16   /* values on the stack at once */
#define COIL_EXPRESSION_STEPS_MAX 4096 /* entries of one program */

/* What holds for a function as a whole. */
#define COIL_FUNCTION_IDEMPOTENT 0x01u      /* may run twice: sent again if a worker dies while it runs */
#define COIL_FUNCTION_IN_PROCESS_ONLY 0x02u /* passes pointers that mean something only within one process */
#define COIL_FUNCTION_ONEWAY 0x04u          /* returns once it is queued; no result, nothing comes back */
#define COIL_FUNCTION_VARIADIC 0x08u        /* takes more arguments than `parameter_count`; C functions only */
#define COIL_FUNCTION_HAS_ERROR 0x10u       /* `error_integer` or `error_real` is given */

/* `count` entries, the first of them `offset` bytes from the start of the image. */
struct coil_descriptor_table {
    uint32_t offset;
    uint32_t count;
};

struct coil_descriptor {
    uint32_t magic;                           /* COIL_DESCRIPTOR_MAGIC */
    uint32_t format;                          /* COIL_DESCRIPTOR_FORMAT */
    uint32_t size;                            /* of the whole image, in bytes */
    uint32_t word;                            /* sizeof(void *) << 16 | sizeof(long double) << 8 | sizeof(wchar_t) */
    uint32_t name;                            /* text: the module's name, dots allowed */
    uint32_t init_code;                       /* text: Python source, dedented; empty if the module has none */
    struct coil_descriptor_table types;       /* coil_type_code */
    struct coil_descriptor_table globals;     /* struct coil_descriptor_global, sorted by name (bytes) */
    struct coil_descriptor_table structs;     /* struct coil_descriptor_struct, sorted by name */
    struct coil_descriptor_table fields;      /* struct coil_descriptor_field, grouped by struct */
    struct coil_descriptor_table enums;       /* struct coil_descriptor_enum, sorted by name */
    struct coil_descriptor_table typenames;   /* struct coil_descriptor_typename, sorted by name */
    struct coil_descriptor_table functions;   /* struct coil_descriptor_function: the `extern "Python"` ones */
    struct coil_descriptor_table signatures;  /* struct coil_descriptor_function: C functions that `lib` has, in the
                                                 order of their names; behind them types of function pointers */
    struct coil_descriptor_table variables;   /* struct coil_descriptor_value: variables that `lib` has, by name */
    struct coil_descriptor_table shapes;      /* struct coil_descriptor_shape */
    struct coil_descriptor_table values;      /* struct coil_descriptor_value, grouped by function and shape */
    struct coil_descriptor_table expressions; /* struct coil_descriptor_expression, each program up to its END */
    struct coil_descriptor_table strings;     /* char; the first and the last are NUL */
};

/* A name that `lib` has: a constant, a variable, a C function or an `extern "Python"` function. */
struct coil_descriptor_global {
    uint32_t name;       /* text */
    uint32_t negative;   /* integer constants: 1 if the value is <= 0 (CFFI's convention), else 0 */
    uint32_t entry;      /* index in `functions` (_EXTERN_PYTHON), `signatures` (_DLOPEN_FUNC) or `variables`
                            (_GLOBAL_VAR, and _CONSTANT but for a real number whose value is here); else 0 */
    uint32_t reserved;   /* 0 */
    coil_type_code code; /* COIL_OP_CONSTANT, _CONSTANT_INT, _ENUM, _GLOBAL_VAR, _DLOPEN_FUNC, _EXTERN_PYTHON */
    uint64_t value;      /* integer constants and enumerators: the value, converted to 64 bits */
    double real;         /* COIL_OP_CONSTANT of a floating-point type that is in no row of `variables`: the value */
};

#define COIL_STRUCT_UNION 0x01u
#define COIL_STRUCT_CHECK_FIELDS 0x02u /* declared in full: CFFI compares its own layout with the compiler's */
#define COIL_STRUCT_PACKED 0x04u
#define COIL_STRUCT_OPAQUE 0x10u

struct coil_descriptor_struct {
    uint32_t
        name; /* text without "struct"/"union"; "$NAME" for the struct behind typedef NAME, "$1" ... if it has none */
    uint32_t type;        /* index in `types`, of its COIL_OP_STRUCT_UNION */
    uint32_t flags;       /* COIL_STRUCT_* */
    uint32_t alignment;   /* bytes; 0 if opaque */
    uint64_t size;        /* bytes; 0 if opaque */
    uint32_t first_field; /* index in `fields` */
    uint32_t field_count;
};

struct coil_descriptor_field {
    uint32_t name;       /* text; empty for an anonymous struct or union */
    uint32_t reserved;   /* 0 */
    coil_type_code code; /* COIL_OP_NOOP or COIL_OP_BITFIELD */
    uint64_t offset;     /* bytes from the start of the struct; UINT64_MAX for bit-fields */
    uint64_t size;       /* bytes; bits for bit-fields; UINT64_MAX if not known (an open array) */
};

struct coil_descriptor_enum {
    uint32_t name;        /* text; "$NAME" or "$1" ... as for structs */
    uint32_t type;        /* index in `types`, of its COIL_OP_ENUM */
    uint32_t primitive;   /* COIL_PRIM_*: the integer type the compiler chose */
    uint32_t enumerators; /* text: names joined by commas */
};

struct coil_descriptor_typename {
    uint32_t name; /* text */
    uint32_t type; /* index in `types` */
};

/* `count` of an array that ends with its first null pointer, which is part of it. */
#define COIL_COUNT_TO_NULL UINT32_MAX

/*
 * A place that holds a value: a parameter in the call frame, the result in the result frame, a
 * field of a struct that is followed, an element, a variable.
 */
struct coil_descriptor_value {
    uint32_t name;     /* text; empty for a result or an element */
    uint32_t type;     /* index in `types`; arrays are pointers here, as in C, but in structs and variables */
    uint32_t crossing; /* enum coil_crossing */
    uint32_t offset;   /* bytes from the start of the frame or of the struct */
    uint64_t size;     /* bytes there; 0 for a void result */
    uint64_t extent;   /* COIL_CROSS_BLOCK_*: bytes behind the pointer, or of one element if `count` is given; else 0 */
    uint32_t count;    /* 1 + index in `expressions`: how many elements, before the call (of a result: after it); 0: one;
                          COIL_COUNT_TO_NULL */
    uint32_t length;   /* 1 + index in `expressions`: how many come back, evaluated after the call; 0: all */
    /*
     * 1 + index in `shapes`: the pointers in each element behind the pointer (COIL_CROSS_BLOCK_*), or, for
     * COIL_CROSS_VALUE, in the value itself, which is then an array of size / shape.size elements.  0: there are none
     * that are followed.
     */
    uint32_t shape;
    uint32_t signature; /* COIL_CROSS_FUNCTION: 1 + index in `signatures`; else 0 */
};

#define COIL_SHAPE_DEPTH_MAX 256 /* shapes in place within each other */

/*
 * Which pointers one element contains, and what their lengths are said over: a group of
 * values.  A shape may lead to itself (linked lists).  Structs in structs are shapes in place, which stand
 * before the shape that they are part of.  The values of a shape, and those of a frame, are in the order of their
 * offsets and do not overlap.
 */
struct coil_descriptor_shape {
    uint64_t size;        /* of one element, in bytes; a pointer's for arrays of pointers */
    uint32_t first_value; /* index in `values` */
    uint32_t value_count;
};

struct coil_descriptor_expression {
    uint32_t operation; /* enum coil_expression_operation */
    uint32_t reserved;  /* 0 */
    int64_t operand;
};

/* A function's signature: of an `extern "Python"` function, of a C function, of what a function pointer points to. */
struct coil_descriptor_function {
    uint32_t name;         /* text; empty for a function pointer's */
    uint32_t type;         /* index in `types`, of its COIL_OP_FUNCTION */
    uint32_t call_size;    /* bytes of the call frame; 0 without parameters */
    uint32_t result_size;  /* bytes of the result frame; 0 for void */
    uint32_t first_value;  /* index in `values`, of the first parameter */
    uint32_t parameter_count;
    uint32_t flags;        /* COIL_FUNCTION_* */
    uint32_t timeout_ms;   /* timeout(): 0 if it is not given */
    int64_t error_integer; /* error(): converted to the result's type; for floating-point results error_real */
    double error_real;
    struct coil_descriptor_value result;
};

#endif
