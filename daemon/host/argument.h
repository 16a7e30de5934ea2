/* An argument that Python gives to a C function: a converter whose refusals are worded as those of CFFI's wrappers. */
#ifndef COIL_HOST_ARGUMENT_H
#define COIL_HOST_ARGUMENT_H

#include "daemon/host/convert.h"
#include "daemon/host/outgoing.h"

struct coil_argument {
    struct coil_converter converter; /* from_c: for functions of Python that have the signature */
    int (*to_c)(const struct coil_argument *argument, PyObject *object, char *target);
    unsigned number;      /* of the parameter */
    bool has_plain_items; /* what it points to has no pointers in it */
    bool is_file;         /* FILE * */
    bool is_data_pointer; /* takes what CFFI takes for pointers: cdata, bytes, lists, ... */
};

/* For parameter `number`, described by `value`. */
int coil_argument_init(struct coil_argument *argument, PyObject *ffi, const struct coil_descriptor *image,
                       const struct coil_descriptor_value *value, unsigned number);

/*
 * Stores `object` in the frame.  What it has no memory for, a list for example, gets some in `outgoing`, until that is
 * finished.  -1 with an exception.
 */
int coil_argument_to_c(const struct coil_argument *argument, PyObject *object, char *frame,
                       struct coil_outgoing *outgoing);

#endif
