/*
 * Running init code: compiled under the file name `<init code for 'NAME'>`, in
 * globals that have only __builtins__, as CFFI does.
 *
 * The source is also given to linecache, so that tracebacks, inspect and pdb show
 * its lines although it is in no file.  Importing linecache would more than double the
 * start of an interpreter, so that waits until somebody else has imported it,
 * or until a traceback is reported.
 *
 * With the GIL.
 */
#include "daemon/host/object.h"

#include "daemon/host/init_code.h"

#include <string.h>

static PyObject *unshown; /* dict: file name -> its entry for linecache.cache; NULL: there is none */

/* linecache.cache[file] = (size, None, lines, file); the None keeps it from looking for a file. */
static int source_remember(PyObject *file, const char *source)
{
    COIL_OBJECT text = PyUnicode_FromString(source);
    COIL_OBJECT lines = text ? PyUnicode_Splitlines(text, 1) : NULL;
    COIL_OBJECT entry = NULL;

    if (!unshown)
        unshown = PyDict_New();
    if (!unshown || !lines)
        return -1;
    entry = Py_BuildValue("(nOOO)", (Py_ssize_t)strlen(source), Py_None, lines, file);
    return entry ? PyDict_SetItem(unshown, file, entry) : -1;
}

void coil_init_code_show_sources(void)
{
    COIL_OBJECT linecache = unshown ? PyImport_ImportModule("linecache") : NULL;
    COIL_OBJECT cache = linecache ? PyObject_GetAttrString(linecache, "cache") : NULL;

    if (cache && PyDict_Check(cache) && PyDict_Update(cache, unshown) == 0)
        Py_CLEAR(unshown);
    PyErr_Clear(); /* without it, tracebacks lack the source lines, no more */
}

static void show_sources_if_loaded(void)
{
    if (PyDict_GetItemString(PyImport_GetModuleDict(), "linecache"))
        coil_init_code_show_sources();
}

int coil_init_code_run(const char *module, const char *source)
{
    COIL_OBJECT file = PyUnicode_FromFormat("<init code for '%s'>", module);
    COIL_OBJECT globals = PyDict_New();
    COIL_OBJECT code = NULL;
    COIL_OBJECT result = NULL;

    if (!file || !globals || PyDict_SetItemString(globals, "__builtins__", PyEval_GetBuiltins()) < 0)
        return -1;
    if (source_remember(file, source) < 0)
        PyErr_Clear();
    show_sources_if_loaded();
    code = Py_CompileStringObject(source, file, Py_file_input, NULL, -1);
    if (!code)
        return -1;
    result = PyEval_EvalCode(code, globals, globals);
    if (!result)
        return -1; /* the report shows the sources */
    show_sources_if_loaded();
    return 0;
}
