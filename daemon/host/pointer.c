/*
 * Function pointers of programs, called from Python.
 *
 * Python calls the address that a cdata holds, as C would; it is a slot of the program's session, which leads to a
 * closure made here.  The closure turns the arguments into a frame, makes the pointers among them good for the program
 * as for any C function, and asks the program to run what the pointer stands for there.
 *
 * Where there is nothing but numbers in the signature, Python has no part in that.
 *
 * The address is called without the GIL, by code that knows nothing of exceptions.  So an exception is handed
 * to the calling thread, to be raised as soon as its Python code goes on, which is right behind the call.
 *
 * A closure belongs to a session; when that has gone, it is kept for a while before it is used again for
 * another one, because a thread may be on its way into it.
 *
 * The lock guards the closures that wait to be used again, and the signatures.
 */
#include "daemon/host/object.h"

#include "daemon/host/pointer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/host/backend.h"
#include "daemon/host/outgoing.h"
#include "daemon/host/program.h"
#include "daemon/host/report.h"
#include "daemon/host/start.h"
#include "daemon/host/text.h"
#include "daemon/host/thread.h"
#include "proto/clock.h"
#include "proto/ring.h"

#define SCALARS_MAX 128u /* bytes of arguments that need no allocation */
#define REST_MS 10000    /* of a closure that nobody should be on the way into any more */

struct coil_host_pointer {
    struct coil_host_pointer *next; /* in the list of those that rest */
    int64_t freed_ms;
    struct coil_host_module *module;
    unsigned signature;
    bool is_scalar; /* there are no pointers in the signature */
    struct coil_closure *closure;
    uint64_t code;
    struct coil_host_program *program; /* counted */
    uint64_t address;                  /* the slot: what the program knows it by */
};

/* What libffi knows of a row. */
struct coil_pointer_native {
    struct coil_pointer_native *next;
    const struct coil_descriptor_function *row;
    struct coil_native *native;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct coil_host_pointer *resting, **resting_end = &resting; /* the longest first */

/* ---- exceptions ---- */

/* Called instead of the class that is raised: gives the exception. */
static PyObject *deferred_new(PyObject *exception, PyObject *Py_UNUSED(arguments))
{
    return Py_NewRef(exception);
}

static PyMethodDef deferred_definition = { "__new__", deferred_new, METH_VARARGS, NULL };

/*
 * Python can be told to raise a class in a thread, but no object.  So this makes a class, derived from that of the
 * exception, which gives the exception when it is called.
 */
static PyObject *deferred_class(PyObject *exception)
{
    COIL_OBJECT make = PyCFunction_New(&deferred_definition, exception);

    return make ? PyObject_CallFunction((PyObject *)&PyType_Type, "s(O){s:O,s:s}", Py_TYPE(exception)->tp_name,
                                        (PyObject *)Py_TYPE(exception), "__new__", make, "__module__", "coil")
                : NULL;
}

/* The raised exception goes to the Python code that has called; if there is none, to stderr. */
static void exception_defer(bool has_caller)
{
    COIL_OBJECT exception = coil_compat_exception_take();
    COIL_OBJECT class = has_caller ? deferred_class(exception) : NULL;

    PyErr_Clear();
    if (!class || PyThreadState_SetAsyncExc(PyThread_get_thread_ident(), class) != 1)
        coil_report_exception(exception, "From a call through a function pointer:");
    PyErr_Clear();
}

/* ---- calling ---- */

/* Which thread of the program is to be asked: the one that waits for this very thread, if it is that program's. */
static struct coil_program_place place_of(const struct coil_host_pointer *pointer)
{
    struct coil_host_thread *thread = coil_thread_current();
    void *caller = thread && thread->calls ? thread->caller : NULL;

    if (caller && coil_start_callbacks()->program(caller) != pointer->program)
        caller = NULL;
    return (struct coil_program_place){ pointer->program, caller };
}

/* A result that points to Python's own memory, of which the program had a copy. */
static void result_to_own(const struct coil_descriptor_function *row, const struct coil_outgoing *outgoing,
                          void *result)
{
    uint64_t address;

    if (row->result.size != sizeof address || !outgoing->range_count)
        return;
    memcpy(&address, result, sizeof address);
    address = coil_outgoing_own(outgoing, address);
    memcpy(result, &address, sizeof address);
}

/* With the GIL.  -1 with an exception. */
static int pointer_call(const struct coil_host_pointer *pointer, unsigned char *payload, void *result)
{
    const struct coil_descriptor *image = pointer->module->image;
    const struct coil_descriptor_function *row = &coil_image_signatures(image)[pointer->signature];
    const struct coil_program_place place = place_of(pointer);
    COIL_CLEANUP(coil_outgoing_deinit) struct coil_outgoing outgoing = { 0 };
    struct coil_host_ask ask = { .kind = COIL_ASK_POINTER,
                                 .module = pointer->module,
                                 .number = pointer->signature,
                                 .payload = payload,
                                 .payload_size = sizeof(uint64_t) + row->call_size,
                                 .answer = result,
                                 .answer_size = row->result_size };
    struct coil_error error;
    int r;

    r = coil_outgoing_share(&outgoing, pointer->program, image, row, payload + sizeof(uint64_t), &error);
    if (r < 0) {
        PyErr_Format(r == -ENOMEM ? PyExc_MemoryError : PyExc_ValueError, "a call through a function pointer: %s",
                     error.text);
        return -1;
    }
    r = coil_program_ask(&place, &ask, "a call through a function pointer");
    coil_outgoing_back(&outgoing, payload + sizeof(uint64_t));
    if (r == 0)
        result_to_own(row, &outgoing, result);
    return r;
}

/* With everything that pointers among the arguments, and exceptions, need. */
static void run_with_gil(const struct coil_host_pointer *pointer, const struct coil_descriptor_function *row,
                         void *call, void *result)
{
    int saved = errno;
    bool has_caller = PyGILState_GetThisThreadState() != NULL;
    PyGILState_STATE state = PyGILState_Ensure();
    unsigned char *payload = PyMem_Malloc(sizeof(uint64_t) + row->call_size);

    errno = saved;
    coil_backend_errno_save();
    if (!payload || !call) {
        (void)PyErr_NoMemory();
    } else {
        memcpy(payload, &pointer->address, sizeof(uint64_t));
        memcpy(payload + sizeof(uint64_t), call, row->call_size);
        if (pointer_call(pointer, payload, result) < 0)
            memset(result, 0, row->result_size);
    }
    PyMem_Free(payload);
    if (PyErr_Occurred())
        exception_defer(has_caller);
    coil_backend_errno_restore();
    saved = errno;
    PyGILState_Release(state);
    errno = saved;
}

/*
 * A handler's call with nothing that Python has to look at: cffi has just given the GIL up, and will take it back
 * right after; so it is not taken for the time between.  False: it is not that simple.
 */
static bool run_without_gil(const struct coil_host_pointer *pointer, const struct coil_descriptor_function *row,
                            const void *call, void *result, int *ret_result, struct coil_error *error)
{
    struct coil_host_thread *thread = coil_thread_current();
    unsigned char payload[sizeof(uint64_t) + SCALARS_MAX];
    struct coil_host_ask ask = { .kind = COIL_ASK_POINTER,
                                 .module = pointer->module,
                                 .number = pointer->signature,
                                 .payload = payload,
                                 .payload_size = sizeof(uint64_t) + row->call_size,
                                 .answer = result,
                                 .answer_size = row->result_size,
                                 .error_number = errno };

    if (!pointer->is_scalar || row->call_size > SCALARS_MAX || !call || !thread || !thread->calls ||
        thread->text.used || coil_compat_thread_current() == thread->state ||
        PyGILState_GetThisThreadState() != thread->state ||
        coil_start_callbacks()->program(thread->caller) != pointer->program)
        return false;
    memcpy(payload, &pointer->address, sizeof(uint64_t));
    memcpy(payload + sizeof(uint64_t), call, row->call_size);
    ask.paused = thread->state;
    *ret_result = coil_start_callbacks()->ask(thread->caller, pointer->program, &ask, error);
    errno = ask.error_number;
    return true;
}

static void run(void *data, void *call, void *result)
{
    const struct coil_host_pointer *pointer = data;
    const struct coil_descriptor_function *row = &coil_image_signatures(pointer->module->image)[pointer->signature];
    struct coil_error error; /* large, so it is filled only when it is needed */
    int r;

    if (!run_without_gil(pointer, row, call, result, &r, &error)) {
        run_with_gil(pointer, row, call, result);
    } else if (r < 0) {
        memset(result, 0, row->result_size);
        coil_pointer_failed(&error);
    }
}

void coil_pointer_failed(const struct coil_error *error)
{
    bool has_caller = PyGILState_GetThisThreadState() != NULL;
    PyGILState_STATE state = PyGILState_Ensure();

    coil_program_raise(error->code, "a call through a function pointer", error);
    exception_defer(has_caller);
    PyGILState_Release(state);
}

/* ---- making them ---- */

int coil_pointer_native(struct coil_host_module *module, const struct coil_descriptor_function *row,
                        const struct coil_native **ret_native, struct coil_error *error)
{
    struct coil_pointer_native *native;
    int r = 0;

    (void)pthread_mutex_lock(&lock);
    for (native = module->natives; native; native = native->next)
        if (native->row == row)
            break;
    if (!native) {
        native = calloc(1, sizeof *native);
        r = native ? coil_native_new(module->image, row, &native->native, error)
                   : coil_error_set(error, -ENOMEM, "no memory for the signature of a function pointer");
        if (r < 0) {
            free(native);
            native = NULL;
        } else {
            native->row = row;
            native->next = module->natives;
            module->natives = native;
        }
    }
    if (native)
        *ret_native = native->native;
    (void)pthread_mutex_unlock(&lock);
    return r;
}

/* One that has rested and has the signature; NULL: there is none. */
static struct coil_host_pointer *take_rested(const struct coil_host_module *module, unsigned signature)
{
    struct coil_host_pointer **at = &resting, *found = NULL;
    int64_t now_ms = coil_clock_ms();

    (void)pthread_mutex_lock(&lock);
    while (*at && now_ms - (*at)->freed_ms >= REST_MS && ((*at)->module != module || (*at)->signature != signature))
        at = &(*at)->next;
    if (*at && now_ms - (*at)->freed_ms >= REST_MS) {
        found = *at;
        *at = found->next;
        if (resting_end == &found->next)
            resting_end = at;
    }
    (void)pthread_mutex_unlock(&lock);
    return found;
}

/* Is it a number, or a struct of numbers? */
static bool is_scalar(const struct coil_descriptor *image, const struct coil_descriptor_value *value)
{
    return value->crossing == COIL_CROSS_VALUE && !value->shape && !coil_image_is_pointer(image, value);
}

static bool has_only_scalars(const struct coil_descriptor *image, const struct coil_descriptor_function *row)
{
    const struct coil_descriptor_value *parameters = coil_image_values(image) + row->first_value;

    for (uint32_t i = 0; i < row->parameter_count; i++)
        if (!is_scalar(image, &parameters[i]))
            return false;
    return is_scalar(image, &row->result);
}

static int pointer_make(struct coil_host_module *module, unsigned signature, struct coil_host_pointer **ret_pointer,
                        struct coil_error *error)
{
    COIL_CLEANUP(coil_memory_free) struct coil_host_pointer *pointer = calloc(1, sizeof *pointer);
    const struct coil_native *native = NULL;
    int r;

    if (!pointer)
        return coil_error_set(error, -ENOMEM, "no memory for a function pointer");
    pointer->module = module;
    pointer->signature = signature;
    pointer->is_scalar = has_only_scalars(module->image, &coil_image_signatures(module->image)[signature]);
    r = coil_pointer_native(module, &coil_image_signatures(module->image)[signature], &native, error);
    if (r == 0)
        r = coil_closure_new(native, run, pointer, &pointer->closure, &pointer->code, error);
    if (r == 0)
        *ret_pointer = coil_steal_memory(&pointer);
    return r;
}

int coil_pointer_new(struct coil_host_module *module, unsigned signature, struct coil_host_program *program,
                     uint64_t address, struct coil_host_pointer **ret_pointer, uint64_t *ret_code,
                     struct coil_error *error)
{
    struct coil_host_pointer *pointer = take_rested(module, signature);
    int r = pointer ? 0 : pointer_make(module, signature, &pointer, error);

    if (r < 0)
        return r;
    coil_start_callbacks()->program_unref(pointer->program); /* the former one, if any */
    pointer->next = NULL;
    pointer->address = address;
    pointer->program = coil_start_callbacks()->program_ref(program);
    *ret_code = pointer->code;
    *ret_pointer = pointer;
    return 0;
}

void coil_pointer_free(struct coil_host_pointer *pointer)
{
    /* The program stays with it: a call that comes late learns that it has gone. */
    pointer->freed_ms = coil_clock_ms();
    pointer->next = NULL;
    (void)pthread_mutex_lock(&lock);
    *resting_end = pointer;
    resting_end = &pointer->next;
    (void)pthread_mutex_unlock(&lock);
}
