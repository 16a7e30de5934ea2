/*
 * Running init code: compiled under the file name `<init code for 'NAME'>`, in
 * globals that have only __builtins__, as CFFI does.
 *
 * The source is also given to linecache, so that tracebacks, inspect and pdb show
 * its lines although it is in no file.
 */
#include "daemon/host/object.h"

#include "daemon/host/init_code.h"

#include <string.h>

/* linecache.cache[file] = (size, None, lines, file); the None keeps it from looking for a file. */
static int source_register(PyObject *file, const char *source)
{
    COIL_OBJECT linecache = PyImport_ImportModule("linecache");
    COIL_OBJECT cache = linecache ? PyObject_GetAttrString(linecache, "cache") : NULL;
    COIL_OBJECT text = PyUnicode_FromString(source);
    COIL_OBJECT lines = text ? PyUnicode_Splitlines(text, 1) : NULL;
    COIL_OBJECT entry = NULL;

    if (!cache || !lines)
        return -1;
    entry = Py_BuildValue("(nOOO)", (Py_ssize_t)strlen(source), Py_None, lines, file);
    return entry ? PyObject_SetItem(cache, file, entry) : -1;
}

int coil_init_code_run(const char *module, const char *source)
{
    COIL_OBJECT file = PyUnicode_FromFormat("<init code for '%s'>", module);
    COIL_OBJECT globals = PyDict_New();
    COIL_OBJECT code = NULL;
    COIL_OBJECT result = NULL;

    if (!file || !globals || PyDict_SetItemString(globals, "__builtins__", PyEval_GetBuiltins()) < 0)
        return -1;
    if (source_register(file, source) < 0)
        PyErr_Clear(); /* tracebacks will lack the source lines, no more */
    code = Py_CompileStringObject(source, file, Py_file_input, NULL, -1);
    if (!code)
        return -1;
    result = PyEval_EvalCode(code, globals, globals);
    return result ? 0 : -1;
}
