/*
 * Calls: a frame in, a Python function run, a frame out.
 *
 * The path that matters is short: the attachment is held for the call, arguments
 * are built in an array on the stack, the function is called by the vectorcall
 * protocol, the result is stored.  Everything that can go wrong leaves it for
 * call_failed(), which does what CFFI does: report, onerror, error value.
 *
 * C's errno becomes ffi.errno right before the handler runs, and comes back right
 * after it, so that nothing of ours disturbs either.
 *
 * With the GIL, on the thread that `thread` belongs to.
 */
#include "daemon/host/object.h"

#include "daemon/host/dispatch.h"

#include <errno.h>
#include <string.h>

#include "daemon/host/backend.h"
#include "daemon/host/extern.h"
#include "daemon/host/module.h"
#include "daemon/host/report.h"
#include "daemon/host/text.h"

#define ARGUMENTS_LOCAL 16
#define CONVERTING_RESULT ", trying to convert the result back to C"

static void attachment_unrefp(struct coil_attachment **attachment)
{
    coil_attachment_unref(*attachment);
    *attachment = NULL;
}

/* "From callback <function f at 0x...>:" as UTF-8; free with PyMem_Free. */
static char *heading_new(PyObject *callable, const char *stage)
{
    COIL_OBJECT name = PyObject_Repr(callable);
    const char *text = name ? PyUnicode_AsUTF8(name) : NULL;
    size_t size;
    char *heading;

    if (!text)
        text = "(its name cannot be shown)";
    size = strlen(text) + strlen(stage) + sizeof "From callback :";
    heading = PyMem_Malloc(size);
    if (heading)
        (void)snprintf(heading, size, "From callback %s%s:", text, stage);
    PyErr_Clear();
    return heading;
}

static void callback_report(PyObject *exception, PyObject *callable, const char *stage)
{
    char *heading = heading_new(callable, stage);

    coil_report_exception(exception, heading ? heading : "From a callback:");
    PyMem_Free(heading);
}

/* onerror(type, exception, traceback): its result, unless it is None, becomes the call's.  -1 with an
 * exception. */
static int onerror_run(const struct coil_host_function *function, PyObject *onerror, PyObject *exception, char *result)
{
    COIL_OBJECT traceback = PyException_GetTraceback(exception);
    COIL_OBJECT answer = PyObject_CallFunctionObjArgs(onerror, (PyObject *)Py_TYPE(exception), exception,
                                                      traceback ? traceback : Py_None, NULL);

    if (!answer)
        return -1;
    return answer == Py_None ? 0 : coil_converter_to_c(&function->result, answer, result);
}

/* A result that no converter has filled is zero. */
static void result_clear(const struct coil_host_function *function, char *result)
{
    if (function->descriptor->result_size)
        memset(result, 0, function->descriptor->result_size);
}

/* An exception is raised: fills the result with the error value, and tells about it. */
static void call_failed(const struct coil_host_function *function, const struct coil_attachment *attachment,
                        const char *stage, char *result)
{
    COIL_OBJECT exception = coil_compat_exception_take();
    COIL_OBJECT second = NULL;

    result_clear(function, result);
    if (attachment->error_size)
        memcpy(result, attachment->error, attachment->error_size);
    if (attachment->onerror) {
        if (onerror_run(function, attachment->onerror, exception, result) == 0)
            return;
        second = coil_compat_exception_take();
    }
    callback_report(exception, attachment->callable, stage);
    if (second)
        coil_report_exception(second, "During the call to 'onerror', another exception occurred:");
}

/* Converts the arguments, calls, and takes C's errno in and out.  NULL with an exception. */
static PyObject *handler_run(const struct coil_host_function *function, PyObject *callable, const char *call,
                             PyObject **arguments, int *inout_errno)
{
    uint32_t count = function->descriptor->parameter_count;
    PyObject *value = NULL;
    uint32_t made = 0;

    for (; made < count; made++) {
        arguments[made] = coil_converter_from_c(&function->parameters[made], call);
        if (!arguments[made])
            break;
    }
    if (made == count) {
        errno = *inout_errno;
        coil_backend_errno_save();
        value = PyObject_Vectorcall(callable, arguments, count | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
        coil_backend_errno_restore();
        *inout_errno = errno;
    }
    while (made)
        Py_DECREF(arguments[--made]);
    return value;
}

static int function_call(const struct coil_host_function *function, const char *call, char *result, int *inout_errno)
{
    COIL_CLEANUP(attachment_unrefp)
    struct coil_attachment *attachment = coil_attachment_ref(function->attachment);
    PyObject *local[1 + ARGUMENTS_LOCAL]; /* the first is the callee's to use */
    PyObject **arguments = local;
    const char *stage = "";
    COIL_OBJECT value = NULL;

    if (function->descriptor->parameter_count > ARGUMENTS_LOCAL) {
        arguments = PyMem_Calloc(1 + function->descriptor->parameter_count, sizeof *arguments);
        if (!arguments)
            (void)PyErr_NoMemory();
    }
    if (arguments)
        value = handler_run(function, attachment->callable, call, arguments + 1, inout_errno);
    if (arguments != local)
        PyMem_Free(arguments);
    if (value) {
        if (coil_converter_to_c(&function->result, value, result) == 0)
            return COIL_HOST_RETURNED;
        stage = CONVERTING_RESULT;
    }
    call_failed(function, attachment, stage, result);
    return COIL_HOST_RAISED;
}

int coil_dispatch_call(struct coil_host_thread *thread, struct coil_host_module *module, unsigned function,
                       const void *call, void *result, int *inout_errno)
{
    const struct coil_host_function *callee = &module->functions[function];
    int outcome;

    if (callee->attachment) {
        thread->calls++;
        outcome = function_call(callee, call, result, inout_errno);
        thread->calls--;
    } else {
        result_clear(callee, result);
        coil_report_line("coil: function %s.%s() called, but no Python code was attached to it with "
                         "@ffi.def_extern() in the init code. Returning 0.",
                         module->name, callee->name);
        outcome = COIL_HOST_NOT_ATTACHED;
    }
    coil_text_flush(thread);
    return outcome;
}

void coil_dispatch_error_value(struct coil_host_module *module, unsigned function, void *value)
{
    const struct coil_host_function *callee = &module->functions[function];

    if (!callee->descriptor->result_size)
        return;
    if (callee->attachment)
        memcpy(value, callee->attachment->error, callee->attachment->error_size);
    else
        memset(value, 0, callee->descriptor->result_size);
}
