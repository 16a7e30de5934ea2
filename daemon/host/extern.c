/*
 * def_extern: which Python function stands behind an `extern "Python"` one.
 *
 * The semantics are CFFI's: `error` is converted when the decorator runs, so that
 * a wrong one raises there; a function can be attached again at any time.  An
 * attachment is made whole before it replaces the former one, and a call that is
 * running keeps the one it began with.
 *
 * Called from Python code, with the GIL.
 */
#include "daemon/host/object.h"

#include "daemon/host/extern.h"

#include <string.h>

#include "daemon/host/start.h"

#define REQUEST "coil.def_extern" /* name of the capsule with the module */

static struct coil_host_function *function_find(struct coil_host_module *module, const char *name)
{
    for (uint32_t i = 0; i < module->image->functions.count; i++)
        if (strcmp(module->functions[i].name, name) == 0)
            return &module->functions[i];
    return NULL;
}

void coil_attachment_unref(struct coil_attachment *attachment)
{
    if (!attachment || --attachment->references)
        return;
    Py_XDECREF(attachment->callable);
    Py_XDECREF(attachment->onerror);
    Py_XDECREF(attachment->error_object);
    PyMem_Free(attachment);
}

static void attachment_unrefp(struct coil_attachment **attachment)
{
    coil_attachment_unref(*attachment);
    *attachment = NULL;
}

/* The error value is the one given; else the declaration's. */
static struct coil_attachment *attachment_new(const struct coil_host_module *module,
                                              const struct coil_host_function *function, PyObject *callable,
                                              PyObject *error, PyObject *onerror)
{
    size_t size = function->descriptor->result_size;
    COIL_CLEANUP(attachment_unrefp)
    struct coil_attachment *attachment = PyMem_Calloc(1, sizeof *attachment + size);

    if (!attachment) {
        (void)PyErr_NoMemory();
        return NULL;
    }
    attachment->references = 1;
    attachment->error_size = size;
    coil_image_declared_error(module->image, function->descriptor, attachment->error);
    attachment->callable = Py_NewRef(callable);
    attachment->onerror = onerror == Py_None ? NULL : Py_NewRef(onerror);
    if (error != Py_None && (coil_converter_to_c(&function->result, error, attachment->error) < 0 ||
                             (function->giver.gives && coil_stray_check_error(&function->giver, attachment->error) < 0)))
        return NULL;
    attachment->error_object = function->giver.gives ? Py_NewRef(error) : NULL;
    return coil_steal_memory(&attachment);
}

static void attach(struct coil_host_module *module, struct coil_host_function *function,
                   struct coil_attachment *attachment)
{
    const struct coil_host_callbacks *callbacks = coil_start_callbacks();
    struct coil_attachment *former = function->attachment;

    function->attachment = attachment;
    if (callbacks->error_value)
        callbacks->error_value(module, (unsigned)(function - module->functions), attachment->error,
                               attachment->error_size);
    /* Last, since it may run any Python code. */
    coil_attachment_unref(former);
}

/* The decorator: `self` is the tuple (module, name, error, onerror). */
static PyObject *decorate(PyObject *self, PyObject *callable)
{
    struct coil_host_module *module = PyCapsule_GetPointer(PyTuple_GET_ITEM(self, 0), REQUEST);
    COIL_OBJECT name = Py_NewRef(PyTuple_GET_ITEM(self, 1));
    PyObject *error = PyTuple_GET_ITEM(self, 2);
    PyObject *onerror = PyTuple_GET_ITEM(self, 3);
    struct coil_host_function *function;
    struct coil_attachment *attachment;
    const char *text;

    if (!module)
        return NULL;
    if (name == Py_None) {
        Py_SETREF(name, PyObject_GetAttrString(callable, "__name__"));
        if (!name)
            return NULL;
    }
    text = PyUnicode_AsUTF8(name);
    if (!text)
        return NULL;
    function = function_find(module, text);
    if (!function) {
        COIL_OBJECT type = PyObject_GetAttrString(module->backend_ffi, "error");

        if (type)
            PyErr_Format(type, "ffi.def_extern('%s'): no 'extern \"Python\"' function with this name", text);
        return NULL;
    }
    if (!PyCallable_Check(callable))
        return PyErr_Format(PyExc_TypeError, "expected a callable object, not %.200s", Py_TYPE(callable)->tp_name);
    if (onerror != Py_None && !PyCallable_Check(onerror))
        return PyErr_Format(PyExc_TypeError, "expected a callable object for 'onerror', not %.200s",
                            Py_TYPE(onerror)->tp_name);
    attachment = attachment_new(module, function, callable, error, onerror);
    if (!attachment)
        return NULL;
    attach(module, function, attachment);
    return Py_NewRef(callable);
}

static PyMethodDef decorator_definition = { "def_extern_decorator", decorate, METH_O, NULL };

PyObject *coil_extern_decorator(struct coil_host_module *module, PyObject *arguments, PyObject *options)
{
    static char *keywords[] = { "name", "error", "onerror", NULL };
    const char *name = NULL;
    PyObject *error = Py_None;
    PyObject *onerror = Py_None;
    COIL_OBJECT capsule = NULL;
    COIL_OBJECT request = NULL;

    if (!PyArg_ParseTupleAndKeywords(arguments, options, "|zOO:def_extern", keywords, &name, &error, &onerror))
        return NULL;
    capsule = PyCapsule_New(module, REQUEST, NULL);
    request = capsule ? Py_BuildValue("(OzOO)", capsule, name, error, onerror) : NULL;
    return request ? PyCFunction_New(&decorator_definition, request) : NULL;
}

void coil_extern_clear(struct coil_host_module *module)
{
    for (uint32_t i = 0; i < module->image->functions.count; i++) {
        struct coil_attachment *attachment = module->functions[i].attachment;

        module->functions[i].attachment = NULL;
        coil_attachment_unref(attachment);
    }
}
