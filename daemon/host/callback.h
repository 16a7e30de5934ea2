/* ffi.callback(), and Python's functions as function pointers of programs. */
#ifndef COIL_HOST_CALLBACK_H
#define COIL_HOST_CALLBACK_H

#include "daemon/host/module.h"

/*
 * ffi.callback(type, python_callable=None, error=None, onerror=None): a cdata, or a decorator that makes one.  NULL
 * with an exception.
 */
PyObject *coil_callback_make(struct coil_host_module *module, PyObject *arguments, PyObject *options);

/* Gives the module's extern "Python" functions their slots, if there are slots.  Once per module. */
void coil_callback_functions(struct coil_host_module *module);

/* lib.NAME of the extern "Python" function number `function`: a function pointer.  NULL with an exception. */
PyObject *coil_callback_function(struct coil_host_module *module, unsigned function);

/*
 * A function pointer from Python crosses to a program (NULL: any) at a place that `image` describes: what is called
 * through it gets its arguments as they are declared there.  -EFAULT: no program can call it; with words.  With the
 * GIL.
 */
int coil_callback_cross(const struct coil_descriptor *image, const struct coil_descriptor_value *place,
                        struct coil_host_program *program, uint64_t address, struct coil_error *error);

/* The host's table: call_slot, slot_resolve. */
int coil_callback_call(struct coil_host_thread *thread, uint32_t slot, struct coil_host_module *module,
                       unsigned signature, const void *call, void *result, int *inout_errno);
int coil_callback_resolve(uint32_t slot, uint64_t *ret_code, struct coil_error *error);

#endif
