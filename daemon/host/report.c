/*
 * Reports: exceptions that no Python code will catch, told where the caller looks.
 *
 * Tracebacks are printed through the traceback module rather than by the
 * interpreter's own C code, because only that shows the source lines of init
 * code, which is in no file (init_code.c registers it with linecache).  A
 * program that has set sys.unraisablehook asked to handle such exceptions itself,
 * and gets them.
 *
 * A report must never fail: sys.stderr may be None or broken, and the exception's
 * own __str__ may raise.  Everything here ends without an exception.
 */
#include "daemon/host/object.h"

#include "daemon/host/report.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "daemon/host/backend.h"
#include "daemon/host/init_code.h"
#include "proto/version.h"

#define LINE_MAX_BYTES 2048

/* sys.stderr, borrowed; NULL if there is none. */
static PyObject *stderr_find(void)
{
    PyObject *stream = PySys_GetObject("stderr");

    return stream && stream != Py_None ? stream : NULL;
}

/* Writes `text` (NULL is ignored) to sys.stderr; clears whatever that raises. */
static void stderr_write(PyObject *text)
{
    COIL_OBJECT stream = Py_XNewRef(stderr_find());
    COIL_OBJECT flushed = NULL;

    if (text && stream && PyFile_WriteObject(text, stream, Py_PRINT_RAW) == 0)
        flushed = PyObject_CallMethod(stream, "flush", NULL);
    PyErr_Clear();
}

static PyObject *traceback_module(void)
{
    coil_init_code_show_sources();
    return PyImport_ImportModule("traceback");
}

/* The traceback as text; NULL, without an exception, if it cannot be had. */
static PyObject *traceback_text(PyObject *exception)
{
    COIL_OBJECT traceback = traceback_module();
    COIL_OBJECT lines = traceback ? PyObject_CallMethod(traceback, "format_exception", "O", exception) : NULL;
    COIL_OBJECT empty = PyUnicode_FromString("");
    COIL_OBJECT text = lines && empty ? PyUnicode_Join(empty, lines) : NULL;

    PyErr_Clear();
    return coil_object_steal(&text);
}

static bool user_has_hook(void)
{
    PyObject *hook = PySys_GetObject("unraisablehook");

    return hook && hook != PySys_GetObject("__unraisablehook__");
}

void coil_report_exception(PyObject *exception, const char *heading)
{
    COIL_OBJECT traceback = user_has_hook() ? NULL : traceback_text(exception);
    COIL_OBJECT text = NULL;
    char context[LINE_MAX_BYTES];

    if (traceback) {
        text = PyUnicode_FromFormat("%s\n%U", heading, traceback);
        stderr_write(text);
        return;
    }
    /* The hook's text begins with "Exception ignored"; the heading goes on with a small letter. */
    (void)snprintf(context, sizeof context, "%s", heading);
    if (context[0] >= 'A' && context[0] <= 'Z')
        context[0] = (char)(context[0] - 'A' + 'a');
    context[strcspn(context, "\n")] = '\0';
    if (context[0] && context[strlen(context) - 1] == ':')
        context[strlen(context) - 1] = '\0';
    coil_compat_exception_raise(Py_NewRef(exception));
    coil_compat_exception_unraisable(context);
    PyErr_Clear();
}

void coil_report_line(const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    COIL_OBJECT text = NULL;
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    (void)strcat(line, "\n");
    text = PyUnicode_DecodeUTF8(line, (Py_ssize_t)strlen(line), "replace");
    stderr_write(text);
}

void coil_report_open_failure(const char *module, PyObject *exception)
{
    COIL_OBJECT traceback = traceback_text(exception);
    COIL_OBJECT version = coil_backend_module() ? PyObject_GetAttrString(coil_backend_module(), "__version__") : NULL;
    COIL_OBJECT file = coil_backend_module() ? PyObject_GetAttrString(coil_backend_module(), "__file__") : NULL;
    PyObject *executable = PySys_GetObject("executable");
    PyObject *path = PySys_GetObject("path");
    COIL_OBJECT text = NULL;

    PyErr_Clear();
    text = PyUnicode_FromFormat("Python module '%s' could not be initialised:\n\n%V\nFrom: %s\n"
                                "coil: %s\nPython: %s\nsys.executable: %S\n_cffi_backend: %S from %S\nsys.path: %S\n\n",
                                module, traceback, "(its traceback cannot be shown)\n", module, COIL_VERSION,
                                Py_GetVersion(), executable ? executable : Py_None, version ? version : Py_None,
                                file ? file : Py_None, path ? path : Py_None);
    stderr_write(text);
    PyErr_Clear();
}

void coil_report_summary(PyObject *exception, char *ret_text, size_t size)
{
    COIL_OBJECT text = PyObject_Str(exception);
    const char *words = text ? PyUnicode_AsUTF8(text) : NULL;

    PyErr_Clear();
    (void)snprintf(ret_text, size, "%s%s%s", Py_TYPE(exception)->tp_name, words && *words ? ": " : "",
                   words ? words : "");
    ret_text[strcspn(ret_text, "\n")] = '\0';
}
