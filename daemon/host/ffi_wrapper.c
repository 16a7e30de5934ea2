/*
 * `ffi`: the backend's object with a few methods of our own.
 *
 * The backend's FFI objects take no attributes and its type cannot stand for two
 * kinds of modules, so this is an object that forwards: every attribute that is
 * not replaced here is the backend's own, bound method and all, and isinstance()
 * sees the backend's class.
 *
 * Immortal, one per module.
 */
#include "daemon/host/object.h"

#include "daemon/host/wrapper.h"

#include <stddef.h>
#include <structmember.h>

#include "daemon/host/callback.h"
#include "daemon/host/context.h"
#include "daemon/host/extern.h"
#include "daemon/host/lib_function.h"
#include "daemon/host/signature.h"
#include "daemon/host/handle.h"
#include "daemon/host/new.h"

struct wrapper {
    PyObject_HEAD struct coil_host_module *module;
    PyObject *new; /* ffi.new: a function of the backend's, so that calling it costs no more than there */
};

static PyTypeObject *wrapper_type;
static PyObject *replaced; /* set of the names that are ours */

static struct coil_host_module *module_of(PyObject *self)
{
    return ((struct wrapper *)self)->module;
}

static PyObject *wrapper_def_extern(PyObject *self, PyObject *arguments, PyObject *options)
{
    return coil_extern_decorator(module_of(self), arguments, options);
}

static PyObject *wrapper_addressof(PyObject *self, PyObject *arguments)
{
    COIL_OBJECT method = NULL;

    if (PyTuple_GET_SIZE(arguments) == 2 && coil_lib_check(PyTuple_GET_ITEM(arguments, 0)))
        return coil_lib_address(PyTuple_GET_ITEM(arguments, 0), PyTuple_GET_ITEM(arguments, 1));
    method = PyObject_GetAttrString(module_of(self)->backend_ffi, "addressof");
    return method ? PyObject_Call(method, arguments, NULL) : NULL;
}

static PyObject *wrapper_callback(PyObject *self, PyObject *arguments, PyObject *options)
{
    return coil_callback_make(module_of(self), arguments, options);
}

/* typeof(lib.f): the type of a pointer to the function. */
static PyObject *wrapper_typeof(PyObject *self, PyObject *argument)
{
    struct coil_host_module *module;
    unsigned signature;

    if (coil_lib_function_check(argument, &module, &signature))
        return coil_signature_ctype(module, signature);
    return PyObject_CallMethod(module_of(self)->backend_ffi, "typeof", "O", argument);
}

static PyObject *wrapper_new_allocator(PyObject *self, PyObject *arguments, PyObject *options)
{
    return coil_new_allocator(module_of(self)->backend_ffi, arguments, options);
}

static PyObject *wrapper_new_handle(PyObject *self, PyObject *object)
{
    return coil_handle_new(module_of(self)->backend_ffi, object);
}

static PyObject *wrapper_from_handle(PyObject *self, PyObject *cdata)
{
    return coil_handle_object(module_of(self)->backend_ffi, cdata);
}

/* The names of typedefs without those that context.c added. */
static PyObject *typedefs_visible(PyObject *names)
{
    COIL_OBJECT prefix = PyUnicode_FromString(COIL_CONTEXT_TYPE_NAME_PREFIX);
    COIL_OBJECT visible = PyList_New(0);

    if (!prefix || !visible)
        return NULL;
    for (Py_ssize_t i = 0; i < PyList_Size(names); i++) {
        PyObject *name = PyList_GET_ITEM(names, i);
        Py_ssize_t hidden = PyUnicode_Tailmatch(name, prefix, 0, PY_SSIZE_T_MAX, -1);

        if (hidden < 0 || (!hidden && PyList_Append(visible, name) < 0))
            return NULL;
    }
    return coil_object_steal(&visible);
}

static PyObject *wrapper_list_types(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    COIL_OBJECT all = PyObject_CallMethod(module_of(self)->backend_ffi, "list_types", NULL);
    COIL_OBJECT visible = NULL;

    if (!all || !PyTuple_Check(all) || PyTuple_GET_SIZE(all) != 3)
        return coil_object_steal(&all);
    visible = typedefs_visible(PyTuple_GET_ITEM(all, 0));
    return visible ? PyTuple_Pack(3, visible, PyTuple_GET_ITEM(all, 1), PyTuple_GET_ITEM(all, 2)) : NULL;
}

static PyObject *wrapper_dir(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return PyObject_Dir(module_of(self)->backend_ffi);
}

static PyObject *wrapper_getattr(PyObject *self, PyObject *name)
{
    int ours = PySet_Contains(replaced, name);

    if (ours < 0)
        return NULL;
    return ours ? PyObject_GenericGetAttr(self, name) : PyObject_GetAttr(module_of(self)->backend_ffi, name);
}

static int wrapper_setattr(PyObject *self, PyObject *name, PyObject *value)
{
    return PyObject_SetAttr(module_of(self)->backend_ffi, name, value);
}

static PyObject *wrapper_repr(PyObject *self)
{
    return PyUnicode_FromFormat("<ffi object for '%s'>", module_of(self)->name);
}

static PyMethodDef wrapper_methods[] = {
    { "def_extern", (PyCFunction)(void (*)(void))wrapper_def_extern, METH_VARARGS | METH_KEYWORDS,
      "def_extern(name=None, error=None, onerror=None): decorator that attaches a Python function to the "
      "extern \"Python\" function of the same name." },
    { "callback", (PyCFunction)(void (*)(void))wrapper_callback, METH_VARARGS | METH_KEYWORDS,
      "callback(cdecl, python_callable=None, error=None, onerror=None): a pointer to a C function that calls the Python "
      "function; without one, a decorator." },
    { "addressof", wrapper_addressof, METH_VARARGS, "addressof(cdata, *fields_or_indexes): a pointer to it." },
    { "typeof", wrapper_typeof, METH_O, "typeof(cdata or string or lib.f): its type." },
    { "new_allocator", (PyCFunction)(void (*)(void))wrapper_new_allocator, METH_VARARGS | METH_KEYWORDS,
      "new_allocator(alloc=None, free=None, should_clear_after_alloc=True): a function like ffi.new()." },
    { "new_handle", wrapper_new_handle, METH_O, "new_handle(object): a void * that stands for the object." },
    { "from_handle", wrapper_from_handle, METH_O, "from_handle(cdata): the object that new_handle() was given." },
    { "list_types", wrapper_list_types, METH_NOARGS, "The names of typedefs, structs and unions." },
    { "__dir__", wrapper_dir, METH_NOARGS, NULL },
    { NULL, NULL, 0, NULL },
};

static PyMemberDef wrapper_members[] = {
    { "new", T_OBJECT_EX, offsetof(struct wrapper, new), READONLY, "new(cdecl, init=None): a new C object." },
    { NULL, 0, 0, 0, NULL },
};

static PyType_Slot wrapper_slots[] = {
    { Py_tp_methods, wrapper_methods },  { Py_tp_members, wrapper_members }, { Py_tp_getattro, wrapper_getattr },
    { Py_tp_setattro, wrapper_setattr }, { Py_tp_repr, wrapper_repr },       { 0, NULL },
};

static PyType_Spec wrapper_spec = {
    .name = "coil.FFI",
    .basicsize = sizeof(struct wrapper),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = wrapper_slots,
};

/* The names that are ours: those of the methods and members above. */
static PyObject *names_new(void)
{
    COIL_OBJECT names = PySet_New(NULL);

    for (const PyMethodDef *method = wrapper_methods; names && method->ml_name; method++) {
        COIL_OBJECT name = PyUnicode_InternFromString(method->ml_name);

        if (!name || PySet_Add(names, name) < 0)
            return NULL;
    }
    for (const PyMemberDef *member = wrapper_members; names && member->name; member++) {
        COIL_OBJECT name = PyUnicode_InternFromString(member->name);

        if (!name || PySet_Add(names, name) < 0)
            return NULL;
    }
    return coil_object_steal(&names);
}

static int type_prepare(void)
{
    if (!replaced)
        replaced = names_new();
    if (!wrapper_type)
        wrapper_type = (PyTypeObject *)PyType_FromSpec(&wrapper_spec);
    return replaced && wrapper_type ? 0 : -1;
}

PyObject *coil_ffi_new(struct coil_host_module *module)
{
    COIL_OBJECT new = coil_new(module->backend_ffi);
    struct wrapper *wrapper;

    if (!new || type_prepare() < 0)
        return NULL;
    wrapper = PyObject_New(struct wrapper, wrapper_type);
    if (!wrapper)
        return NULL;
    wrapper->module = module;
    wrapper->new = coil_object_steal(&new);
    return (PyObject *)wrapper;
}
