/*
 * `lib`: the module's constants, C functions and variables.
 *
 * What a declaration names lives in the program, in another process perhaps, so the backend's `lib`, which would look
 * for it here, is not shown to anybody.  Integer constants, enumerators and floating-point constants come from the
 * descriptor; C functions (lib_function.c) and variables (lib_variable.c) are asked of the program.
 *
 * Immortal, one per module.  With the GIL.
 */
#include "daemon/host/object.h"

#include "daemon/host/wrapper.h"

#include <string.h>

#include "daemon/host/callback.h"

#include "daemon/host/lib_function.h"
#include "daemon/host/lib_variable.h"

struct lib {
    PyObject_HEAD struct coil_host_module *module;
    PyObject *members; /* dict: the constants, and the functions that have been used */
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
    if (operation != COIL_OP_CONSTANT || coil_image_is_variable(module->image, global))
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

/* The global of that name; NULL with an exception. */
static const struct coil_descriptor_global *global_find(const struct lib *lib, PyObject *name)
{
    const char *text = PyUnicode_AsUTF8(name);
    const struct coil_descriptor_global *global = text ? coil_module_global(lib->module, text) : NULL;

    if (text && !global)
        PyErr_Format(PyExc_AttributeError, "cffi library '%s' has no function, constant or global variable named '%s'",
                     lib->module->name, text);
    return global;
}

static bool is_variable(const struct coil_descriptor_global *global)
{
    return COIL_TYPE_OPERATION(global->code) == COIL_OP_GLOBAL_VAR;
}

/* A global that is no number. */
static PyObject *global_value(struct lib *lib, const struct coil_descriptor_global *global, PyObject *name)
{
    COIL_OBJECT function = NULL;

    switch (COIL_TYPE_OPERATION(global->code)) {
    case COIL_OP_DLOPEN_FUNC:
    case COIL_OP_EXTERN_PYTHON:
        function = COIL_TYPE_OPERATION(global->code) == COIL_OP_DLOPEN_FUNC
                       ? coil_lib_function_new(lib->module, global)
                       : coil_callback_function(lib->module, global->entry);
        if (!function || PyDict_SetItem(lib->members, name, function) < 0)
            return NULL;
        return coil_object_steal(&function);
    default:
        return coil_lib_variable_get(lib->module, global);
    }
}

/* The names of all globals, or of all but the variables. */
static PyObject *names_new(const struct lib *lib, bool with_variables)
{
    const struct coil_descriptor *image = lib->module->image;
    const struct coil_descriptor_global *globals = coil_image_globals(image);
    COIL_OBJECT names = PyList_New(0);

    for (uint32_t i = 0; names && i < image->globals.count; i++) {
        COIL_OBJECT name = PyUnicode_FromString(coil_image_text(image, globals[i].name));

        if ((with_variables || !is_variable(&globals[i])) && (!name || PyList_Append(names, name) < 0))
            return NULL;
    }
    return coil_object_steal(&names);
}

/* Everything that needs no program. */
static PyObject *dict_new(struct lib *lib)
{
    const struct coil_descriptor *image = lib->module->image;
    const struct coil_descriptor_global *globals = coil_image_globals(image);

    for (uint32_t i = 0; i < image->globals.count; i++) {
        COIL_OBJECT name = NULL;
        COIL_OBJECT value = NULL;

        if (COIL_TYPE_OPERATION(globals[i].code) != COIL_OP_DLOPEN_FUNC)
            continue;
        name = PyUnicode_FromString(coil_image_text(image, globals[i].name));
        value = name ? PyObject_GetAttr((PyObject *)lib, name) : NULL;
        if (!value)
            return NULL;
    }
    return PyDict_Copy(lib->members);
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
        return names_new(lib, false);
    if (strcmp(name, "__dict__") == 0)
        return dict_new(lib);
    if (strcmp(name, "__loader__") == 0 || strcmp(name, "__spec__") == 0)
        return Py_NewRef(Py_None);
    return NULL;
}

static PyObject *lib_getattr(PyObject *self, PyObject *name)
{
    struct lib *lib = lib_of(self);
    PyObject *value = PyDict_GetItemWithError(lib->members, name);
    const struct coil_descriptor_global *global;
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
    global = global_find(lib, name);
    return global ? global_value(lib, global, name) : NULL;
}

static int lib_setattr(PyObject *self, PyObject *name, PyObject *value)
{
    struct lib *lib = lib_of(self);
    const struct coil_descriptor_global *global = global_find(lib, name);

    if (!global)
        return -1;
    if (!value)
        PyErr_SetString(PyExc_AttributeError, "C attribute cannot be deleted");
    else if (is_variable(global))
        return coil_lib_variable_set(lib->module, global, value);
    else
        PyErr_Format(PyExc_AttributeError, "cannot write to function or constant '%U'", name);
    return -1;
}

static PyObject *lib_dir(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return names_new(lib_of(self), true);
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
    const struct coil_descriptor_global *global;

    if (!PyUnicode_Check(name))
        return PyErr_Format(PyExc_TypeError, "argument 2 must be str, not %.200s", Py_TYPE(name)->tp_name);
    global = global_find(lib, name);
    if (!global)
        return NULL;
    switch (COIL_TYPE_OPERATION(global->code)) {
    case COIL_OP_GLOBAL_VAR:
        return coil_lib_variable_address(lib->module, global);
    case COIL_OP_DLOPEN_FUNC:
        return coil_lib_function_address(lib->module, global);
    case COIL_OP_EXTERN_PYTHON:
        return coil_callback_function(lib->module, global->entry);
    default:
        return PyErr_Format(PyExc_AttributeError, "cannot take the address of the constant '%U'", name);
    }
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
    lib->members = coil_object_steal(&constants);
    return (PyObject *)lib;
}
