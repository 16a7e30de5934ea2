/*
 * sys.modules: `from NAME import ffi, lib` must find what was never imported.
 *
 * A dotted name needs its parents only for `import a.b`, since Python looks for
 * the whole name first.  A parent that exists as a real package is left to be
 * imported when someone asks for it; one that does not exist becomes an empty
 * package, or `import a.b` would fail.
 *
 * Called by module.c, with the GIL.
 */
#include "daemon/host/object.h"

#include "daemon/host/names.h"

#include <string.h>

/* 1: a finder knows the package `name` (or one that contains it is not loaded, so that we may not look); 0;
 * -1. */
static int package_is_findable(const char *name)
{
    COIL_OBJECT util = PyImport_ImportModule("importlib.util");
    COIL_OBJECT spec = util ? PyObject_CallMethod(util, "find_spec", "s", name) : NULL;

    if (spec)
        return spec != Py_None;
    if (!PyErr_ExceptionMatches(PyExc_ImportError) && !PyErr_ExceptionMatches(PyExc_ValueError))
        return -1;
    PyErr_Clear();
    return 0;
}

static int package_make(struct coil_names *names, PyObject *modules, const char *name)
{
    COIL_OBJECT package = PyModule_New(name);
    COIL_OBJECT path = PyList_New(0);
    COIL_OBJECT text = PyUnicode_FromString(name);

    if (!package || !path || !text || PyObject_SetAttrString(package, "__path__", path) < 0 ||
        PyList_Append(names->parents_made, text) < 0)
        return -1;
    return PyDict_SetItem(modules, text, package);
}

/* Sets the attribute that `import a.b` leaves in a. */
static int parent_bind(PyObject *modules, const char *parent, const char *child, PyObject *object)
{
    PyObject *package = PyDict_GetItemString(modules, parent);

    return package ? PyObject_SetAttrString(package, child, object) : 0;
}

static int parents_publish(struct coil_names *names, PyObject *modules, const char *name, PyObject *module)
{
    COIL_CLEANUP(coil_memory_free) char *parent = strdup(name);
    const char *last = strrchr(name, '.');

    if (!parent) {
        (void)PyErr_NoMemory();
        return -1;
    }
    for (char *dot = strchr(parent, '.'); dot; dot = strchr(dot + 1, '.')) {
        *dot = '\0';
        if (!PyDict_GetItemString(modules, parent)) {
            int findable = package_is_findable(parent);

            if (findable < 0)
                return -1;
            if (findable)
                return 0;
            if (package_make(names, modules, parent) < 0)
                return -1;
            if (strrchr(parent, '.')) {
                COIL_CLEANUP(coil_memory_free)
                char *outer = strndup(parent, (size_t)(strrchr(parent, '.') - parent));

                if (outer &&
                    parent_bind(modules, outer, strrchr(parent, '.') + 1, PyDict_GetItemString(modules, parent)) < 0)
                    return -1;
            }
        }
        if (dot - parent == last - name && parent_bind(modules, parent, last + 1, module) < 0)
            return -1;
        *dot = '.';
    }
    return 0;
}

static int name_set(struct coil_names *names, PyObject *modules, const char *name, PyObject *object)
{
    PyObject *before = PyDict_GetItemString(modules, name);

    if (before && before != object && PyDict_SetItemString(names->replaced, name, before) < 0)
        return -1;
    return PyDict_SetItemString(modules, name, object);
}

static void name_restore(struct coil_names *names, PyObject *modules, const char *name)
{
    PyObject *before = names->replaced ? PyDict_GetItemString(names->replaced, name) : NULL;

    if (before)
        (void)PyDict_SetItemString(modules, name, before);
    else
        (void)PyDict_DelItemString(modules, name);
    PyErr_Clear();
}

/* "NAME.lib"; free() it. */
static char *lib_name_new(const char *name)
{
    char *lib_name = malloc(strlen(name) + sizeof ".lib");

    if (!lib_name) {
        (void)PyErr_NoMemory();
        return NULL;
    }
    (void)strcpy(lib_name, name);
    return strcat(lib_name, ".lib");
}

int coil_names_publish(struct coil_names *names, const char *name, PyObject *module, PyObject *lib)
{
    COIL_CLEANUP(coil_memory_free) char *lib_name = lib_name_new(name);
    PyObject *modules = PyImport_GetModuleDict();

    if (!lib_name)
        return -1;
    names->replaced = PyDict_New();
    names->parents_made = PyList_New(0);
    if (!names->replaced || !names->parents_made || name_set(names, modules, name, module) < 0 ||
        name_set(names, modules, lib_name, lib) < 0)
        return -1;
    return parents_publish(names, modules, name, module);
}

void coil_names_withdraw(struct coil_names *names, const char *name)
{
    COIL_CLEANUP(coil_memory_free) char *lib_name = lib_name_new(name);
    PyObject *modules = PyImport_GetModuleDict();

    name_restore(names, modules, name);
    if (lib_name)
        name_restore(names, modules, lib_name);
    for (Py_ssize_t i = names->parents_made ? PyList_GET_SIZE(names->parents_made) : 0; i > 0; i--) {
        (void)PyDict_DelItem(modules, PyList_GET_ITEM(names->parents_made, i - 1));
        PyErr_Clear();
    }
    Py_CLEAR(names->replaced);
    Py_CLEAR(names->parents_made);
}
