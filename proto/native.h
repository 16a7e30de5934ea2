/*
 * Calling by signature: between the processor's calling convention and frames.
 *
 * Generated code calls what has a name; what is only known as a pointer and a signature is called, and
 * made, through libffi.  A frame is the same struct as for any call.
 */
#ifndef COIL_NATIVE_H
#define COIL_NATIVE_H

#include <stdint.h>

#include "proto/descriptor.h"
#include "proto/error.h"

/* A signature as libffi knows it.  Immutable once made; any thread. */
struct coil_native;

/*
 * For `signature` of a checked image; both must outlive it.  -ENOTSUP: a struct or union by value that cannot be passed
 * like this (unions, bit-fields, packed structs); -ENOMEM; with words.
 */
int coil_native_new(const struct coil_descriptor *image, const struct coil_descriptor_function *signature,
                    struct coil_native **ret_native, struct coil_error *error);
struct coil_native *coil_native_free(struct coil_native *native);

/* One type, for signatures that no descriptor has.  A struct's fields follow it, each with its own; bit-fields and unions
 * cannot be said. */
enum coil_native_kind {
    COIL_NATIVE_VOID,
    COIL_NATIVE_SIGNED, /* integers, by their size */
    COIL_NATIVE_UNSIGNED,
    COIL_NATIVE_FLOAT, /* float, double and long double, by their size */
    COIL_NATIVE_COMPLEX,
    COIL_NATIVE_POINTER,
    COIL_NATIVE_STRUCT
};

struct coil_native_item {
    enum coil_native_kind kind;
    uint32_t size;
    uint32_t alignment; /* of a struct: compared with what libffi makes of it */
    uint32_t fields;    /* of a struct: how many items follow, not counting theirs */
    uint32_t repeat;    /* in a struct: an array of so many; else 1 */
};

/* The result's item comes first, then the parameters'; nothing of it is needed afterwards.  Errors as above. */
int coil_native_new_plain(const struct coil_native_item *items, uint32_t count, struct coil_native **ret_native,
                          struct coil_error *error);

const struct coil_descriptor_function *coil_native_signature(const struct coil_native *native);

/* Where the signature's parameters are in a frame: parameter_count of them. */
const struct coil_descriptor_value *coil_native_parameters(const struct coil_native *native);

/*
 * Calls `target` with the arguments of the frame `call`; `result` receives the signature's result_size bytes.  Both are
 * aligned to 16.  errno is the callee's business.  -ENOMEM with words.
 */
int coil_native_call(const struct coil_native *native, uint64_t target, const void *call, void *result,
                     struct coil_error *error);

/*
 * The same for a variadic function, with `count` further arguments: their types (COIL_PRIM_*, promoted as C does it;
 * COIL_PRIM_COUNT: a pointer) and 16 bytes for each value, aligned to 16.  -EINVAL: a type that no such argument has.
 */
int coil_native_call_variadic(const struct coil_native *native, uint64_t target, const void *call, uint32_t count,
                              const uint32_t *types, const void *values, void *result, struct coil_error *error);

/* A function made at run time. */
struct coil_closure;

/*
 * What a closure does: `call` is a frame of its own, `result` receives the signature's result_size bytes (zeros at
 * first). The caller's errno is in errno, and goes back in it.
 */
typedef void coil_closure_fn(void *data, void *call, void *result);

/*
 * `native` and `data` must outlive it.  *ret_code is the function's address.  -ENOMEM with words.
 */
int coil_closure_new(const struct coil_native *native, coil_closure_fn *run, void *data,
                     struct coil_closure **ret_closure, uint64_t *ret_code, struct coil_error *error);

/* Nobody may be on the way into it; its own `run` may free it, and what it was made for. */
struct coil_closure *coil_closure_free(struct coil_closure *closure);

#endif
