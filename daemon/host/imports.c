/*
 * What Python has imported from files that people edit.
 *
 * A finder at the head of sys.meta_path is asked for every module that is not there yet.  It never finds any, but it
 * knows that there is something new.  (An audit hook would be told as well, at the price of every audited event, and
 * id() is one.)
 *
 * The files are those of the modules in sys.modules, as far as they lie outside of the standard library, site-packages
 * and dist-packages: what is installed is not edited.  Only what stands in a module's dictionary is looked at, so that
 * no code of the module runs for it.
 *
 * With the GIL.
 */
#include "daemon/host/object.h"

#include "daemon/host/imports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/host/start.h"

/* ---- that something is imported ---- */

static PyObject *watcher_find_spec(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(arguments))
{
    coil_start_callbacks()->imported();
    Py_RETURN_NONE;
}

static PyMethodDef watcher_methods[] = {
    { "find_spec", watcher_find_spec, METH_VARARGS, "Finds nothing." },
    { NULL, NULL, 0, NULL },
};

static PyType_Slot watcher_slots[] = {
    { Py_tp_doc, "Sees what is imported, so that an edited file can be noticed." },
    { Py_tp_methods, watcher_methods },
    { 0, NULL },
};

static PyType_Spec watcher_spec = {
    .name = "coil.ImportWatcher",
    .basicsize = sizeof(PyObject),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = watcher_slots,
};

int coil_imports_watch(void)
{
    PyObject *finders = PySys_GetObject("meta_path");
    COIL_OBJECT type = PyType_FromSpec(&watcher_spec);
    COIL_OBJECT watcher = type ? PyObject_CallNoArgs(type) : NULL;

    if (!watcher)
        return -1;
    if (!finders || !PyList_Check(finders)) {
        PyErr_SetString(PyExc_RuntimeError, "sys.meta_path is no list");
        return -1;
    }
    return PyList_Insert(finders, 0, watcher);
}

/* ---- what has been imported ---- */

/* A module's file; borrowed from the module.  NULL: it has none. */
static const char *file_of(PyObject *module)
{
    PyObject *file = PyModule_Check(module) ? PyDict_GetItemString(PyModule_GetDict(module), "__file__") : NULL;
    const char *path = file && PyUnicode_Check(file) ? PyUnicode_AsUTF8(file) : NULL;

    PyErr_Clear();
    return path;
}

/* The standard library's folder, with a "/" at its end.  Empty if that is not known. */
static void library_find(PyObject *modules, char *ret, size_t size)
{
    PyObject *os = PyDict_GetItemString(modules, "os");
    const char *file = os ? file_of(os) : NULL;
    const char *end = file ? strrchr(file, '/') : NULL;

    *ret = '\0';
    if (end && (size_t)(end - file) + 2 <= size)
        (void)snprintf(ret, size, "%.*s/", (int)(end - file), file);
}

/* Is it someone's own code? */
static bool is_edited(const char *path, const char *library)
{
    return *path == '/' && !(*library && strncmp(path, library, strlen(library)) == 0) &&
           !strstr(path, "/site-packages/") && !strstr(path, "/dist-packages/");
}

static int append(char **paths, size_t *size, const char *path)
{
    size_t length = strlen(path) + 1;
    char *grown = realloc(*paths, *size + length);

    if (!grown)
        return -ENOMEM;
    memcpy(grown + *size, path, length);
    *paths = grown;
    *size += length;
    return 0;
}

int coil_imports_sources(char **ret_paths, size_t *ret_size)
{
    PyObject *modules = PyImport_GetModuleDict();
    COIL_OBJECT values = PyDict_Check(modules) ? PyDict_Values(modules) : NULL;
    COIL_CLEANUP(coil_memory_free) char *paths = NULL;
    char library[4096];
    size_t size = 0;

    if (!values) {
        PyErr_Clear();
        return -ENOMEM;
    }
    library_find(modules, library, sizeof library);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(values); i++) {
        const char *path = file_of(PyList_GET_ITEM(values, i));

        if (path && is_edited(path, library) && append(&paths, &size, path) < 0)
            return -ENOMEM;
    }
    *ret_paths = coil_steal_memory(&paths);
    *ret_size = size;
    return 0;
}
