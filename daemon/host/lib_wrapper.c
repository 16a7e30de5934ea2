/*
 * `lib`: the module's constants.
 *
 * The C functions and variables that a declaration names live in the program, in
 * another process perhaps, so the backend's `lib`, which would look for them here,
 * is not shown to anybody.  Integer constants, enumerators and floating-point
 * constants come from the descriptor; using anything else raises and says why.
 *
 * Immortal, one per module.  With the GIL.
 */
#include "daemon/host/object.h"

#include "daemon/host/wrapper.h"

#include <string.h>

struct lib {
    PyObject_HEAD struct coil_host_module *module;
    PyObject *constants; /* dict */
};

static PyTypeObject *lib_type;

static struct lib *lib_of(PyObject *self)
{
    return (struct lib *)self;
}

/* The value of an integer or floating-point constant; Py_NotImplemented for other globals; NULL with an
 * exception. */
static PyObject *constant_value(const struct coil_host_module *module, const struct coil_descriptor_global *global)
{
    unsigned operation = COIL_TYPE_OPERATION(global->code);
    coil_type_code code;

    if (operation == COIL_OP_CONSTANT_INT || operation == COIL_OP_ENUM)
        return global->negative ? PyLong_FromLongLong((long long)global->value)
                                : PyLong_FromUnsignedLongLong(global->value);
    if (operation != COIL_OP_CONSTANT)
        return Py_NewRef(Py_NotImplemented);
    code = coil_image_types(module->image)[COIL_TYPE_ARGUMENT(global->code)];
    if (COIL_TYPE_OPERATION(code) != COIL_OP_PRIMITIVE)
        return Py_NewRef(Py_NotImplemented);
    switch (COIL_TYPE_ARGUMENT(code)) {
    case COIL_PRIM_FLOAT:
    case COIL_PRIM_DOUBLE:
        return PyFloat_FromDouble(global->real);
    case COIL_PRIM_LONGDOUBLE:
        return PyObject_CallMethod(module->backend_ffi, "cast", "sd", "long double", global->real);
    default:
        return Py_NewRef(Py_NotImplemented);
    }
}

static PyObject *constants_new(const struct coil_host_module *module)
{
    const struct coil_descriptor_global *globals = coil_image_globals(module->image);
    COIL_OBJECT constants = PyDict_New();

    if (!constants)
        return NULL;
    for (uint32_t i = 0; i < module->image->globals.count; i++) {
        COIL_OBJECT value = constant_value(module, &globals[i]);

        if (!value)
            return NULL;
        if (value != Py_NotImplemented &&
            PyDict_SetItemString(constants, coil_image_text(module->image, globals[i].name), value) < 0)
            return NULL;
    }
    return coil_object_steal(&constants);
}

/* Raises for a name that is no constant. */
static PyObject *refuse(const struct lib *lib, PyObject *name)
{
    const char *text = PyUnicode_AsUTF8(name);
    const struct coil_descriptor_global *global = text ? coil_module_global(lib->module, text) : NULL;

    if (!text)
        return NULL;
    if (!global)
        return PyErr_Format(PyExc_AttributeError,
                            "cffi library '%s' has no function, constant or global variable named '%s'",
                            lib->module->name, text);
    switch (COIL_TYPE_OPERATION(global->code)) {
    case COIL_OP_EXTERN_PYTHON:
        return PyErr_Format(PyExc_NotImplementedError,
                            "lib.%s: using an extern \"Python\" function as a C function is not supported by this "
                            "version of coil",
                            text);
    case COIL_OP_GLOBAL_VAR:
        return PyErr_Format(PyExc_NotImplementedError,
                            "lib.%s: reading and writing the program's variables from Python is not supported by "
                            "this version of coil",
                            text);
    case COIL_OP_CONSTANT:
        return PyErr_Format(PyExc_NotImplementedError,
                            "lib.%s: only constants of integer and floating-point types are supported by this "
                            "version of coil",
                            text);
    default:
        return PyErr_Format(PyExc_NotImplementedError,
                            "lib.%s: calling the program's C functions from Python is not supported by this version "
                            "of coil",
                            text);
    }
}

/* What CFFI's `lib` answers to Python's own questions about a module; NULL without an exception for other
 * names. */
static PyObject *special_attribute(struct lib *lib, const char *name)
{
    if (strcmp(name, "__class__") == 0)
        return Py_NewRef((PyObject *)&PyModule_Type);
    if (strcmp(name, "__name__") == 0)
        return PyUnicode_FromFormat("%s.lib", lib->module->name);
    if (strcmp(name, "__all__") == 0)
        return PyDict_Keys(lib->constants);
    if (strcmp(name, "__dict__") == 0)
        return PyDict_Copy(lib->constants);
    if (strcmp(name, "__loader__") == 0 || strcmp(name, "__spec__") == 0)
        return Py_NewRef(Py_None);
    return NULL;
}

static PyObject *lib_getattr(PyObject *self, PyObject *name)
{
    struct lib *lib = lib_of(self);
    PyObject *value = PyDict_GetItemWithError(lib->constants, name);
    const char *text;

    if (value)
        return Py_NewRef(value);
    if (PyErr_Occurred())
        return NULL;
    text = PyUnicode_AsUTF8(name);
    if (!text)
        return NULL;
    if (strncmp(text, "__", 2) == 0) {
        value = special_attribute(lib, text);
        if (value || PyErr_Occurred())
            return value;
        value = PyObject_GenericGetAttr(self, name);
        if (value || !PyErr_ExceptionMatches(PyExc_AttributeError))
            return value;
        PyErr_Clear();
    }
    return refuse(lib, name);
}

static int lib_setattr(PyObject *self, PyObject *name, PyObject *value)
{
    struct lib *lib = lib_of(self);

    if (!value)
        PyErr_SetString(PyExc_AttributeError, "C attribute cannot be deleted");
    else if (PyDict_Contains(lib->constants, name) == 1)
        PyErr_Format(PyExc_AttributeError, "cannot write to function or constant '%U'", name);
    else if (!PyErr_Occurred())
        (void)refuse(lib, name);
    return -1;
}

static PyObject *lib_dir(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return PyDict_Keys(lib_of(self)->constants);
}

static PyObject *lib_repr(PyObject *self)
{
    return PyUnicode_FromFormat("<Lib object for '%s'>", lib_of(self)->module->name);
}

static PyMethodDef lib_methods[] = {
    { "__dir__", lib_dir, METH_NOARGS, NULL },
    { NULL, NULL, 0, NULL },
};

static PyType_Slot lib_slots[] = {
    { Py_tp_methods, lib_methods },
    { Py_tp_getattro, lib_getattr },
    { Py_tp_setattro, lib_setattr },
    { Py_tp_repr, lib_repr },
    { 0, NULL },
};

static PyType_Spec lib_spec = {
    .name = "coil.Lib",
    .basicsize = sizeof(struct lib),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = lib_slots,
};

bool coil_lib_check(PyObject *object)
{
    return lib_type && Py_IS_TYPE(object, lib_type);
}

PyObject *coil_lib_address(PyObject *self, PyObject *name)
{
    struct lib *lib = lib_of(self);

    if (!PyUnicode_Check(name))
        return PyErr_Format(PyExc_TypeError, "addressof() of a library needs a name, not %.200s",
                            Py_TYPE(name)->tp_name);
    if (PyDict_Contains(lib->constants, name) == 1)
        return PyErr_Format(PyExc_AttributeError, "cannot take the address of the constant '%U'", name);
    return PyErr_Occurred() ? NULL : refuse(lib, name);
}

PyObject *coil_lib_new(struct coil_host_module *module)
{
    COIL_OBJECT constants = constants_new(module);
    struct lib *lib;

    if (!lib_type)
        lib_type = (PyTypeObject *)PyType_FromSpec(&lib_spec);
    if (!lib_type || !constants)
        return NULL;
    lib = PyObject_New(struct lib, lib_type);
    if (!lib)
        return NULL;
    lib->module = module;
    lib->constants = coil_object_steal(&constants);
    return (PyObject *)lib;
}
