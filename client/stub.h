/*
 * What a generated stub library needs of libcoil: one structure and three calls.
 *
 * Installed as <coil/stub.h>; C11 and C++11.  People do not write this by hand:
 * coil-stubgen does.
 */
#ifndef COIL_STUB_H
#define COIL_STUB_H

#include <coil/descriptor.h>

/* Generated code names the version it was made for, and refuses to be compiled with an older or a newer one. */
#define COIL_STUB_VERSION 2

#if defined(_WIN32)
#error "coil is for Linux"
#endif

#define COIL_EXPORT __attribute__((visibility("default")))
#define COIL_HIDDEN __attribute__((visibility("hidden")))

#ifdef __cplusplus
#define COIL_STATIC_ASSERT(condition, text) static_assert(condition, text)
#define COIL_EXTERN_C extern "C"
#define COIL_THREAD_LOCAL thread_local
#else
#define COIL_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#define COIL_EXTERN_C extern
#define COIL_THREAD_LOCAL _Thread_local
#endif

/* The descriptor's `word`: descriptors of another data model are refused. */
#define COIL_WORD ((uint32_t)(sizeof(void *) << 16 | sizeof(long double) << 8 | sizeof(wchar_t)))

/* The primitive of an integer type whose size and sign only the compiler knows; 0 (void) if there is none. */
#define COIL_PRIM_INTEGER(type)                                                                                        \
    (sizeof(type) == 1   ? ((type)-1 < (type)1 ? COIL_PRIM_INT8 : COIL_PRIM_UINT8)                                     \
     : sizeof(type) == 2 ? ((type)-1 < (type)1 ? COIL_PRIM_INT16 : COIL_PRIM_UINT16)                                   \
     : sizeof(type) == 4 ? ((type)-1 < (type)1 ? COIL_PRIM_INT32 : COIL_PRIM_UINT32)                                   \
     : sizeof(type) == 8 ? ((type)-1 < (type)1 ? COIL_PRIM_INT64 : COIL_PRIM_UINT64)                                   \
                         : COIL_PRIM_VOID)

/* The same for floating-point types. */
#define COIL_PRIM_REAL(type)                                                                                           \
    (sizeof(type) == sizeof(float)         ? COIL_PRIM_FLOAT                                                           \
     : sizeof(type) == sizeof(double)      ? COIL_PRIM_DOUBLE                                                          \
     : sizeof(type) == sizeof(long double) ? COIL_PRIM_LONGDOUBLE                                                      \
                                           : COIL_PRIM_VOID)

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What Python can reach in the program through `lib`.  Immutable.  Each member points to one entry per
 * row of the descriptor's table that is named, or is NULL if there is none.
 */
struct coil_program {
    void (*const *runs)(const void *call, void *result); /* signatures with a name: calls the C function with the
                                                            frame's arguments; NULL for variadic ones */
    void (*const *addresses)(void);                      /* signatures with a name: the C function itself */
    void *(*const *variables)(void);                     /* variables: where it is, for the calling thread */
    void (*const *functions)(void);                      /* functions: the stub's own */
};

/*
 * One module.  Defined by the stub library, in static storage, zero but for
 * `descriptor` and `program`; `runtime` belongs to libcoil from the first call on.
 */
struct coil_module {
    const struct coil_descriptor *descriptor; /* immutable, for the life of the library */
    const struct coil_program *program;       /* the same; NULL if `lib` has nothing but constants */
    void *runtime;
};

/*
 * Calls the Python function number `function` of the descriptor's table.
 * `call` is the frame with the arguments (NULL if there are none), `result` the
 * frame for the result (NULL for void).  `result` is always filled: in trouble
 * with the function's error value, else zero.  Any thread; the first call of a
 * module attaches to the daemon, or starts Python in this process, and may take
 * long.  errno crosses both ways.
 */
COIL_EXPORT void coil_call(struct coil_module *module, unsigned function, void *call, void *result);

/* Does what the first call does, now.  0, or -1 if Python cannot be reached (said on stderr). */
COIL_EXPORT int coil_module_start(struct coil_module *module);

/*
 * The body of PyInit_NAME: the module object (a new reference to a PyObject), or
 * NULL with a Python exception set.  With the GIL held.
 */
COIL_EXPORT void *coil_module_import(struct coil_module *module);

#ifdef __cplusplus
}
#endif

#endif
