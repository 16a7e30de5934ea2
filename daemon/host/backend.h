/*
 * The interface of _cffi_backend, as far as the host uses it.
 *
 * _cffi_backend takes a module's types as C tables (CFFI's parse_c_type.h,
 * version 0x2601: `struct _cffi_type_context_s` and the structures it names) and
 * gives back a module object with `ffi` and `lib`, together with a table of
 * functions (CFFI's _cffi_include.h: `_cffi_exports`).  The layouts below and the
 * numbers of the functions are facts of that interface; CFFI keeps them stable
 * because every extension module that it generated depends on them.  Nothing
 * else of _cffi_backend is used, in particular no layout of its objects.
 *
 * Whatever is handed over must live for ever and stay where it is; `types` must be
 * writable: the backend replaces each code by the type object it made of it.
 * Globals, structs, enums and typenames are searched by bisection and must be
 * sorted by the bytes of their names.
 */
#ifndef COIL_HOST_BACKEND_H
#define COIL_HOST_BACKEND_H

#include <stddef.h>

#include "daemon/host/compat.h"
#include "proto/error.h"

#define COIL_BACKEND_VERSION 0x2601     /* of the tables and functions below */
#define COIL_BACKEND_EXTERN_PYTHON 0x01 /* coil_backend_context.flags: fill 26 exports, not 25 */
#define COIL_BACKEND_EXPORTS 26

struct coil_backend_global { /* CFFI: _cffi_global_s */
    const char *name;
    void *address; /* integer constants: a coil_backend_constant_fn */
    void *code;
    void *size;
};

struct coil_backend_struct { /* CFFI: _cffi_struct_union_s */
    const char *name;
    int type;
    int flags;
    size_t size;
    int alignment;
    int first_field;
    int field_count;
};

struct coil_backend_field { /* CFFI: _cffi_field_s */
    const char *name;
    size_t offset;
    size_t size;
    void *code;
};

struct coil_backend_enum { /* CFFI: _cffi_enum_s */
    const char *name;
    int type;
    int primitive;
    const char *enumerators;
};

struct coil_backend_typename { /* CFFI: _cffi_typename_s */
    const char *name;
    int type;
};

struct coil_backend_context { /* CFFI: _cffi_type_context_s */
    void **types;
    const struct coil_backend_global *globals;
    const struct coil_backend_field *fields;
    const struct coil_backend_struct *structs;
    const struct coil_backend_enum *enums;
    const struct coil_backend_typename *typenames;
    int global_count;
    int struct_count;
    int enum_count;
    int typename_count;
    const char *const *includes;
    int type_count;
    int flags;
};

/* What a global's function is asked: the value of `context`'s global number `global`. */
struct coil_backend_constant { /* CFFI: _cffi_getconst_s */
    unsigned long long value;
    const struct coil_backend_context *context; /* a copy of ours; the tables it names are ours */
    int global;
};

/* Fills `value`; returns 1 if it is to be read as a signed number that is <= 0. */
typedef int (*coil_backend_constant_fn)(struct coil_backend_constant *constant);

/* Filled by the first module; the same functions for all.  Read through the functions below. */
extern void *coil_backend_exports[COIL_BACKEND_EXPORTS];

/*
 * Imports _cffi_backend, from the distribution's folders if sys.path does not lead
 * to it (a virtual environment without it).  With the GIL.  -ENOENT.
 */
int coil_backend_load(struct coil_error *error);

/* The module object: borrowed, NULL before coil_backend_load(). */
PyObject *coil_backend_module(void);

/*
 * Makes the module object of a context and enters it in sys.modules under `name`.
 * Both are immortal.  A new reference, or NULL with an exception.
 */
PyObject *coil_backend_module_new(const char *name, const struct coil_backend_context *context);

/* `ctype` is always an object that ffi.typeof() returned. */

static inline PyObject *coil_backend_from_pointer(void *pointer, PyObject *ctype)
{
    return ((PyObject * (*)(char *, PyObject *)) coil_backend_exports[10])(pointer, ctype);
}

/* The address a pointer cdata holds; NULL with an exception. */
static inline void *coil_backend_to_pointer(PyObject *object, PyObject *ctype)
{
    return ((char *(*)(PyObject *, PyObject *))coil_backend_exports[11])(object, ctype);
}

/* ffi.errno to C's errno, and back. */
static inline void coil_backend_errno_restore(void)
{
    ((void (*)(void))coil_backend_exports[13])();
}

static inline void coil_backend_errno_save(void)
{
    ((void (*)(void))coil_backend_exports[14])();
}

static inline PyObject *coil_backend_from_char(char value)
{
    return ((PyObject * (*)(char)) coil_backend_exports[15])(value);
}

/* The Python object for the C value at `source`, of any type; aligned. */
static inline PyObject *coil_backend_from_c(const void *source, PyObject *ctype)
{
    return ((PyObject * (*)(const char *, PyObject *)) coil_backend_exports[16])(source, ctype);
}

/* Stores `object` as a C value of any type at `target`, aligned; -1 with an exception. */
static inline int coil_backend_to_c(void *target, PyObject *ctype, PyObject *object)
{
    return ((int (*)(char *, PyObject *, PyObject *))coil_backend_exports[17])(target, ctype, object);
}

/* What a C function takes, converted as CFFI's wrappers do it; -1 with an exception, which may also be a value. */

static inline int coil_backend_to_int8(PyObject *object)
{
    return ((int (*)(PyObject *))coil_backend_exports[1])(object);
}

static inline int coil_backend_to_uint8(PyObject *object)
{
    return ((int (*)(PyObject *))coil_backend_exports[2])(object);
}

static inline int coil_backend_to_int16(PyObject *object)
{
    return ((int (*)(PyObject *))coil_backend_exports[3])(object);
}

static inline int coil_backend_to_uint16(PyObject *object)
{
    return ((int (*)(PyObject *))coil_backend_exports[4])(object);
}

static inline int coil_backend_to_int32(PyObject *object)
{
    return ((int (*)(PyObject *))coil_backend_exports[5])(object);
}

static inline unsigned int coil_backend_to_uint32(PyObject *object)
{
    return ((unsigned int (*)(PyObject *))coil_backend_exports[6])(object);
}

static inline long long coil_backend_to_int64(PyObject *object)
{
    return ((long long (*)(PyObject *))coil_backend_exports[7])(object);
}

static inline unsigned long long coil_backend_to_uint64(PyObject *object)
{
    return ((unsigned long long (*)(PyObject *))coil_backend_exports[8])(object);
}

static inline int coil_backend_to_char(PyObject *object)
{
    return ((int (*)(PyObject *))coil_backend_exports[9])(object);
}

static inline wchar_t coil_backend_to_wchar(PyObject *object)
{
    return ((wchar_t(*)(PyObject *))coil_backend_exports[19])(object);
}

static inline long double coil_backend_to_long_double(PyObject *object)
{
    return ((long double (*)(PyObject *))coil_backend_exports[21])(object);
}

static inline _Bool coil_backend_to_bool(PyObject *object)
{
    return ((_Bool(*)(PyObject *))coil_backend_exports[22])(object);
}

/*
 * A pointer argument.  0: *ret_pointer is the address; positive: that many zeroed bytes are to be found for the object,
 * and filled by coil_backend_to_array(); -1 with an exception.
 */
static inline Py_ssize_t coil_backend_prepare_pointer(PyObject *ctype, PyObject *object, void **ret_pointer)
{
    return ((Py_ssize_t(*)(PyObject *, PyObject *, char **))coil_backend_exports[23])(ctype, object,
                                                                                      (char **)(void *)ret_pointer);
}

static inline int coil_backend_to_array(void *target, PyObject *ctype, PyObject *object)
{
    return ((int (*)(char *, PyObject *, PyObject *))coil_backend_exports[24])(target, ctype, object);
}

#endif
