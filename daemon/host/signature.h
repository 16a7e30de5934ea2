/* The signature of a C function, or of what a function pointer points to, with the converters of its values. */
#ifndef COIL_HOST_SIGNATURE_H
#define COIL_HOST_SIGNATURE_H

#include "daemon/host/argument.h"
#include "daemon/host/module.h"
#include "daemon/host/program.h"

struct coil_signature {
    const struct coil_descriptor_function *descriptor; /* NULL: not built yet */
    const char *name;                                  /* empty for a function pointer's */
    struct coil_argument *arguments;                   /* descriptor->parameter_count of them */
    struct coil_converter result;
    struct coil_giver giver; /* of a function of Python that has the signature */
    bool has_pointers; /* among the parameters, or in them */
};

/* Row `index` of the descriptor's table `signatures`, built if need be; immortal.  NULL with an exception.  With the
 * GIL. */
const struct coil_signature *coil_signature_get(struct coil_host_module *module, unsigned index);

/* The type of a pointer to such a function: a new reference, NULL with an exception. */
PyObject *coil_signature_ctype(const struct coil_host_module *module, unsigned index);

/* The same for a row of either table. */
PyObject *coil_signature_pointer_ctype(const struct coil_host_module *module,
                                       const struct coil_descriptor_function *row);

/*
 * Stores the arguments in the frame (call_size bytes, zeroed by the caller) and makes their pointers good for the
 * program. There are as many of them as the signature has parameters.  -1 with an exception; `outgoing` needs
 * coil_outgoing_deinit() in any case.
 */
int coil_signature_pack(const struct coil_host_module *module, const struct coil_signature *signature,
                        const struct coil_program_place *place, PyObject *const *arguments, void *frame,
                        struct coil_outgoing *outgoing);

#endif
