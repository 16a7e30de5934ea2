/* @ffi.def_extern(): attaching Python functions. */
#ifndef COIL_HOST_EXTERN_H
#define COIL_HOST_EXTERN_H

#include "daemon/host/module.h"

/* ffi.def_extern(name=None, error=None, onerror=None): returns the decorator, or NULL with an exception. */
PyObject *coil_extern_decorator(struct coil_host_module *module, PyObject *arguments, PyObject *options);

/* Takes and gives back a reference; with the GIL. */
static inline struct coil_attachment *coil_attachment_ref(struct coil_attachment *attachment)
{
    attachment->references++;
    return attachment;
}
void coil_attachment_unref(struct coil_attachment *attachment);

/* Undoes every def_extern of a module whose init code failed. */
void coil_extern_clear(struct coil_host_module *module);

#endif
