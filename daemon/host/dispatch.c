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
#include "daemon/host/keep.h"
#include "daemon/host/module.h"
#include "daemon/host/report.h"
#include "daemon/host/text.h"
#include "proto/window.h"

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

void coil_dispatch_report(PyObject *exception, PyObject *callable, PyObject *second, bool converting)
{
    char *heading = heading_new(callable, converting ? CONVERTING_RESULT : "");

    coil_report_exception(exception, heading ? heading : "From a callback:");
    PyMem_Free(heading);
    if (second)
        coil_report_exception(second, "During the call to 'onerror', another exception occurred:");
}

/* Stores the result, and sees to it that the program can follow its pointers.  -1 with an exception. */
static int result_store(const struct coil_callee *callee, const char *call, PyObject *value, char *result)
{
    if (coil_converter_to_c(callee->result, value, result) < 0)
        return -1;
    return callee->giver && callee->giver->gives ? coil_stray_check_result(callee->giver, call, result) : 0;
}

static void result_set_error(const struct coil_callee *callee, char *result)
{
    if (callee->descriptor->result_size)
        memcpy(result, callee->error, callee->descriptor->result_size);
}

/* onerror(type, exception, traceback): its result, unless it is None, becomes the call's.  A new reference to it, or
 * NULL with an exception. */
static PyObject *onerror_run(const struct coil_callee *callee, PyObject *exception, const char *call, char *result)
{
    COIL_OBJECT traceback = PyException_GetTraceback(exception);
    COIL_OBJECT answer = PyObject_CallFunctionObjArgs(callee->onerror, (PyObject *)Py_TYPE(exception), exception,
                                                      traceback ? traceback : Py_None, NULL);

    if (!answer || (answer != Py_None && result_store(callee, call, answer, result) < 0))
        return NULL;
    return coil_object_steal(&answer);
}

/*
 * An exception is raised: fills the result with the error value, and tells about it.  A new reference to what
 * onerror has answered, or NULL.
 */
static PyObject *call_failed(const struct coil_callee *callee, bool converting, const char *call, char *result)
{
    COIL_OBJECT exception = coil_compat_exception_take();
    COIL_OBJECT second = NULL;

    result_set_error(callee, result);
    if (callee->onerror) {
        PyObject *answer = onerror_run(callee, exception, call, result);

        if (answer)
            return answer;
        second = coil_compat_exception_take();
        result_set_error(callee, result);
    }
    coil_dispatch_report(exception, callee->callable, second, converting);
    return NULL;
}

/*
 * Converts the arguments, calls, and takes C's errno in and out.  NULL with an exception.  The caller releases the first
 * *ret_made arguments when the result has been read, which may be a part of one.
 */
static PyObject *handler_run(const struct coil_callee *callee, const char *call, PyObject **arguments,
                             uint32_t *ret_made, int *inout_errno)
{
    uint32_t count = callee->descriptor->parameter_count;
    const char *parameter = (const char *)callee->parameters;
    PyObject *value = NULL;
    uint32_t made = 0;

    for (; made < count; made++, parameter += callee->stride) {
        arguments[made] = coil_converter_from_c((const struct coil_converter *)(const void *)parameter, call);
        if (!arguments[made])
            break;
    }
    if (made == count) {
        errno = *inout_errno;
        coil_backend_errno_save();
        value = PyObject_Vectorcall(callee->callable, arguments, count | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
        coil_backend_errno_restore();
        *inout_errno = errno;
    }
    *ret_made = made;
    return value;
}

/* Runs the handler and stores its result.  -1 with an exception; *ret_converting: it was the result that went wrong. */
static int handler_call(const struct coil_callee *callee, const char *call, char *result, int *inout_errno,
                        PyObject **ret_value, bool *ret_converting)
{
    PyObject *local[1 + ARGUMENTS_LOCAL]; /* the first is the callee's to use */
    PyObject **arguments = local;
    PyObject *value = NULL;
    uint32_t made = 0;
    int r = -1;

    *ret_converting = false;
    if (callee->descriptor->parameter_count > ARGUMENTS_LOCAL) {
        arguments = PyMem_Calloc(1 + callee->descriptor->parameter_count, sizeof *arguments);
        if (!arguments)
            (void)PyErr_NoMemory();
    }
    if (arguments)
        value = handler_run(callee, call, arguments + 1, &made, inout_errno);
    *ret_value = value;
    if (value && !(callee->giver && callee->giver->stores && coil_stray_check_stored(callee->giver, call) < 0)) {
        *ret_converting = true;
        r = result_store(callee, call, value, result);
    }
    while (made)
        Py_DECREF(arguments[made--]);
    if (arguments != local)
        PyMem_Free(arguments);
    return r;
}

/* A handle ends when Python lets go of it: the program cannot look behind it anyway. */
static bool result_is_kept(const struct coil_callee *callee, const char *result)
{
    uint64_t address = 0;

    if (!callee->giver->gives)
        return false;
    if (callee->result->size == sizeof address)
        memcpy(&address, result + callee->result->offset, sizeof address);
    return address < COIL_TOKENS_BEGIN || address >= COIL_TOKENS_END;
}

static int callee_run(const struct coil_callee *callee, struct coil_host_thread *thread, const char *call, char *result,
                      int *inout_errno)
{
    bool keeps = callee->giver && (callee->giver->gives || callee->giver->stores);
    int outcome = COIL_HOST_RETURNED;
    struct coil_keep keep;
    COIL_OBJECT value = NULL;
    bool converting;

    if (keeps)
        coil_keep_begin(&keep, thread, callee->giver, callee->identity);
    if (handler_call(callee, call, result, inout_errno, &value, &converting) < 0) {
        Py_XSETREF(value, call_failed(callee, converting, call, result));
        outcome = COIL_HOST_RAISED;
    }
    if (keeps)
        coil_keep_end(&keep, result_is_kept(callee, result) ? value : NULL, call);
    return outcome;
}

static struct coil_callee callee_of(const struct coil_host_function *function, const struct coil_attachment *attachment,
                                    const struct coil_giver *giver)
{
    return (struct coil_callee){ .descriptor = function->descriptor,
                                 .parameters = function->parameters,
                                 .stride = sizeof *function->parameters,
                                 .result = &function->result,
                                 .giver = giver,
                                 .identity = function,
                                 .callable = attachment->callable,
                                 .onerror = attachment->onerror,
                                 .error = attachment->error };
}

/* `giver`: the function's, or NULL if its result does not leave this process. */
static int function_run(const struct coil_host_module *module, const struct coil_host_function *function,
                        const struct coil_giver *giver, struct coil_host_thread *thread, const char *call, char *result,
                        int *inout_errno)
{
    COIL_CLEANUP(attachment_unrefp) struct coil_attachment *attachment = NULL;
    struct coil_callee callee;

    if (!function->attachment) {
        coil_image_declared_error(module->image, function->descriptor, result);
        coil_report_line("coil: function %s.%s() called, but no Python code was attached to it with "
                         "@ffi.def_extern() in the init code. Returning %s.",
                         module->name, function->name,
                         function->descriptor->flags & COIL_FUNCTION_HAS_ERROR ? "its error value" : "0");
        return COIL_HOST_NOT_ATTACHED;
    }
    attachment = coil_attachment_ref(function->attachment);
    callee = callee_of(function, attachment, giver);
    return callee_run(&callee, thread, call, result, inout_errno);
}

/* The call under way, one within the other: what the thread's number was before is returned. */
static uint64_t call_begin(struct coil_host_thread *thread)
{
    static uint64_t last; /* with the GIL */
    uint64_t outer = thread->number;

    thread->calls++;
    thread->number = ++last;
    return outer;
}

static void call_end(struct coil_host_thread *thread, uint64_t outer)
{
    thread->calls--;
    thread->number = outer;
}

int coil_dispatch_run(struct coil_host_thread *thread, const struct coil_callee *callee, const void *call, void *result,
                      int *inout_errno)
{
    uint64_t outer = call_begin(thread);
    int outcome = callee_run(callee, thread, call, result, inout_errno);

    call_end(thread, outer);
    coil_text_flush(thread);
    return outcome;
}

int coil_dispatch_local(const struct coil_callee *callee, const void *call, void *result, int *inout_errno)
{
    return callee_run(callee, NULL, call, result, inout_errno);
}

int coil_dispatch_nested(struct coil_host_module *module, unsigned function, const void *call, void *result,
                         int *inout_errno)
{
    return function_run(module, &module->functions[function], NULL, NULL, call, result, inout_errno);
}

/* As coil_attachment_unref(), where it is hardly ever the last one. */
static inline void attachment_leave(struct coil_attachment *attachment)
{
    if (__builtin_expect(attachment->references == 1, 0))
        coil_attachment_unref(attachment);
    else
        attachment->references--;
}

/* A short call has raised an exception: as in callee_run(). */
__attribute__((noinline)) static int short_call_failed(const struct coil_host_function *function,
                                                       const struct coil_attachment *attachment, const char *call,
                                                       char *result, bool converting)
{
    const struct coil_callee callee = callee_of(function, attachment, &function->giver);

    Py_XDECREF(call_failed(&callee, converting, call, result));
    return COIL_HOST_RAISED;
}

/*
 * callee_run() for functions that have an attachment, few parameters, and give no pointers: all in one piece, because
 * such calls cost no more than a few dozen calls of C functions.
 */
static inline int short_call(const struct coil_host_function *function, const char *call, char *result,
                             int *inout_errno)
{
    struct coil_attachment *attachment = coil_attachment_ref(function->attachment);
    const struct coil_converter *parameter = function->parameters;
    PyObject *local[1 + ARGUMENTS_LOCAL]; /* the first is the callee's to use */
    PyObject **const arguments = local + 1, **end = arguments,
                     **const all = arguments + function->descriptor->parameter_count;
    int outcome = COIL_HOST_RETURNED;
    PyObject *value = NULL;

    for (; end < all && (*end = coil_converter_from_c(parameter, call)); end++)
        parameter++;
    if (__builtin_expect(end == all, 1)) {
        int *error_number = &errno;

        *error_number = *inout_errno;
        coil_backend_errno_save();
        value = PyObject_Vectorcall(attachment->callable, arguments,
                                    (size_t)(all - arguments) | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
        coil_backend_errno_restore();
        *inout_errno = *error_number;
    }
    if (__builtin_expect(!value || coil_converter_to_c(&function->result, value, result) < 0, 0))
        outcome = short_call_failed(function, attachment, call, result, value != NULL);
    while (end > arguments) /* the result may have been a part of one */
        Py_DECREF(*--end);
    Py_XDECREF(value);
    attachment_leave(attachment);
    return outcome;
}

bool coil_dispatch_is_short(const struct coil_host_function *function)
{
    return !function->giver.gives && !function->giver.stores &&
           function->descriptor->parameter_count <= ARGUMENTS_LOCAL;
}

int coil_dispatch_call(struct coil_host_thread *thread, struct coil_host_module *module, unsigned function,
                       const void *call, void *result, int *inout_errno)
{
    const struct coil_host_function *callee = &module->functions[function];
    uint64_t outer = call_begin(thread);
    int outcome;

    if (__builtin_expect(callee->is_short && callee->attachment, 1))
        outcome = short_call(callee, call, result, inout_errno);
    else
        outcome = function_run(module, callee, &callee->giver, thread, call, result, inout_errno);
    call_end(thread, outer);
    if (__builtin_expect(thread->text.used != 0, 0))
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
        coil_image_declared_error(module->image, callee->descriptor, value);
}
