/*
 * Loading _cffi_backend, and handing it a module's tables.
 *
 * The backend is an extension module like any other; a virtual environment
 * usually has none, although the Python it belongs to does.  Since one binary of
 * it fits every environment of the same CPython, the host then takes the
 * distribution's, without touching sys.path: nothing else of the distribution
 * becomes visible in the environment.
 *
 * Called by start.c and module.c, with the GIL.
 */
#include "daemon/host/object.h"

#include "daemon/host/backend.h"

void *coil_backend_exports[COIL_BACKEND_EXPORTS];

static PyObject *backend; /* sys.modules holds it too; never released */

/* The folders in which distributions and installers keep extension modules of this Python. */
static PyObject *distribution_folders(void)
{
    PyObject *base = PySys_GetObject("base_prefix");

    if (!base || !PyUnicode_Check(base))
        base = PySys_GetObject("prefix");
    if (!base || !PyUnicode_Check(base))
        return PyList_New(0);
    return Py_BuildValue(
        "[NNN]", PyUnicode_FromFormat("%U/lib/python3/dist-packages", base),
        PyUnicode_FromFormat("%U/lib/python%d.%d/site-packages", base, PY_MAJOR_VERSION, PY_MINOR_VERSION),
        PyUnicode_FromFormat("%U/lib/python%d.%d/dist-packages", base, PY_MAJOR_VERSION, PY_MINOR_VERSION));
}

static PyObject *import_from_distribution(void)
{
    COIL_OBJECT folders = distribution_folders();
    COIL_OBJECT machinery = PyImport_ImportModule("importlib.machinery");
    COIL_OBJECT util = PyImport_ImportModule("importlib.util");
    COIL_OBJECT finder = machinery ? PyObject_GetAttrString(machinery, "PathFinder") : NULL;
    COIL_OBJECT spec = NULL;
    COIL_OBJECT loader = NULL;
    COIL_OBJECT module = NULL;
    COIL_OBJECT done = NULL;

    if (!folders || !util || !finder)
        return NULL;
    spec = PyObject_CallMethod(finder, "find_spec", "sO", "_cffi_backend", folders);
    if (!spec)
        return NULL;
    if (spec == Py_None) {
        PyErr_SetString(PyExc_ModuleNotFoundError, "No module named '_cffi_backend'");
        return NULL;
    }
    module = PyObject_CallMethod(util, "module_from_spec", "O", spec);
    loader = module ? PyObject_GetAttrString(spec, "loader") : NULL;
    done = loader ? PyObject_CallMethod(loader, "exec_module", "O", module) : NULL;
    if (!done || PyDict_SetItemString(PyImport_GetModuleDict(), "_cffi_backend", module) < 0)
        return NULL;
    return coil_object_steal(&module);
}

int coil_backend_load(struct coil_error *error)
{
    if (backend)
        return 0;
    backend = PyImport_ImportModule("_cffi_backend");
    if (!backend && PyErr_ExceptionMatches(PyExc_ModuleNotFoundError)) {
        PyErr_Clear();
        backend = import_from_distribution();
    }
    if (!backend) {
        COIL_OBJECT exception = coil_compat_exception_take();
        COIL_OBJECT text = exception ? PyObject_Str(exception) : NULL;
        COIL_OBJECT path = PyObject_Repr(PySys_GetObject("path"));
        const char *words = text ? PyUnicode_AsUTF8(text) : NULL;
        const char *folders = path ? PyUnicode_AsUTF8(path) : NULL;

        PyErr_Clear();
        return coil_error_set(error, -ENOENT,
                              "Python %d.%d cannot import _cffi_backend (%s): install python3-cffi-backend, or cffi "
                              "with pip; looked in %s",
                              PY_MAJOR_VERSION, PY_MINOR_VERSION, words ? words : "unknown reason",
                              folders ? folders : "an unreadable sys.path");
    }
    return 0;
}

PyObject *coil_backend_module(void)
{
    return backend;
}

PyObject *coil_backend_module_new(const char *name, const struct coil_backend_context *context)
{
    /* The backend reads these four words while it is called. */
    const void *request[4] = { name, (const void *)(uintptr_t)COIL_BACKEND_VERSION, coil_backend_exports, context };
    COIL_OBJECT address = PyLong_FromVoidPtr(request);

    if (!address)
        return NULL;
    return PyObject_CallMethod(backend, "_init_cffi_1_0_external_module", "O", address);
}
