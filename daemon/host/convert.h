/* Values between a frame and Python, one converter per argument and result. */
#ifndef COIL_HOST_CONVERT_H
#define COIL_HOST_CONVERT_H

#include <stdbool.h>

#include "daemon/host/compat.h"
#include "proto/descriptor.h"

struct coil_converted;

struct coil_converter {
    /* A new reference to the Python object for the C value at `source`; NULL with an exception. Alignment
     * does not matter. */
    PyObject *(*from_c)(const struct coil_converter *converter, const char *source);
    /* Stores `object` at `target`, all `size` bytes; -1 with an exception and `target` as it was. */
    int (*to_c)(const struct coil_converter *converter, PyObject *object, char *target);
    uint32_t offset;         /* in the frame */
    size_t size;             /* in the frame; 0 for void */
    PyObject *ctype;         /* of the value */
    PyObject *pointer_ctype; /* to it; structs and unions only */
    PyObject *allocate;      /* ffi.new; structs and unions only */
    const struct coil_descriptor *image;       /* function pointers only, as the next one */
    const struct coil_descriptor_value *place;
    struct coil_converted *last;
};

/* What a function pointer was converted to: C mostly gives the same one again, and nobody can change it. */
struct coil_converted {
    uint64_t address;
    PyObject *object; /* NULL: there is none */
};

/* Chooses the functions for `value`, a row of `image`; `ffi` is the backend's.  The result is immortal.  -1
 * with an exception. */
int coil_converter_init(struct coil_converter *converter, PyObject *ffi, const struct coil_descriptor *image,
                        const struct coil_descriptor_value *value);

/* The same for a value that no descriptor has, of any type: `size` bytes at `offset`.  Ends with
 * coil_converter_deinit(), also if it failed; one of zeros may. */
int coil_converter_init_plain(struct coil_converter *converter, PyObject *ffi, PyObject *ctype, uint32_t offset,
                              size_t size);
void coil_converter_deinit(struct coil_converter *converter);

static inline PyObject *coil_converter_from_c(const struct coil_converter *converter, const char *frame)
{
    return converter->from_c(converter, frame + converter->offset);
}

static inline int coil_converter_to_c(const struct coil_converter *converter, PyObject *object, char *frame)
{
    return converter->to_c(converter, object, frame + converter->offset);
}

#endif
