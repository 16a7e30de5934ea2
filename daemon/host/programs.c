/*
 * Programs that come and go.
 *
 * Module state outlives programs, so a module says with @coil.on_open and session.on_close() what is per program.
 * Of each program that a module has wished to be told about there is a record, from then on until it has gone.
 *
 * Functions of on_open are run for every program that opens the module, on the thread that opens it, as in a call of
 * that program.  They are part of opening: if one raises, the module has failed for that program, as if its init code
 * had.  Threads of a program that open the module meanwhile wait.
 *
 * With the GIL; the lock is for waiting without it.
 */
#include "daemon/host/object.h"

#include "daemon/host/programs.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "daemon/host/module.h"
#include "daemon/host/program.h"
#include "daemon/host/report.h"
#include "daemon/host/start.h"
#include "daemon/host/text.h"
#include "daemon/host/thread.h"

/* A module that the program has opened, or is opening. */
struct opening {
    struct opening *next;
    const struct coil_host_module *module;
    bool done;
    unsigned long opener; /* thread ident, until it is done */
};

struct record {
    struct record *next;
    struct coil_host_program *program; /* counted */
    PyObject *on_close;                /* list of functions; NULL: none */
    struct opening *openings;
};

static struct record *records;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static unsigned long endings; /* openings that have ended; written with GIL and lock */

static struct record *record_find(const struct coil_host_program *program)
{
    struct record *record = records;

    while (record && record->program != program)
        record = record->next;
    return record;
}

/* NULL: no memory. */
static struct record *record_get(struct coil_host_program *program)
{
    struct record *record = record_find(program);

    if (record)
        return record;
    record = calloc(1, sizeof *record);
    if (!record)
        return NULL;
    record->program = coil_start_callbacks()->program_ref(program);
    record->next = records;
    records = record;
    return record;
}

/* ---- coming ---- */

static struct opening *opening_find(const struct record *record, const struct coil_host_module *module)
{
    struct opening *opening = record->openings;

    while (opening && opening->module != module)
        opening = opening->next;
    return opening;
}

static void opening_drop(struct record *record, struct opening *opening)
{
    struct opening **at = &record->openings;

    while (*at != opening)
        at = &(*at)->next;
    *at = opening->next;
    free(opening);
}

/* Waits, without the GIL, until some opening has ended. */
static void wait_for_ending(void)
{
    unsigned long seen = endings;

    Py_BEGIN_ALLOW_THREADS(void) pthread_mutex_lock(&lock);
    while (endings == seen)
        (void)pthread_cond_wait(&ended, &lock);
    (void)pthread_mutex_unlock(&lock);
    Py_END_ALLOW_THREADS
}

static void tell_ending(void)
{
    (void)pthread_mutex_lock(&lock);
    endings++;
    (void)pthread_cond_broadcast(&ended);
    (void)pthread_mutex_unlock(&lock);
}

/* Runs the functions, as in a call of the program that the thread serves.  -1 with an exception. */
static int functions_run(PyObject *functions)
{
    struct coil_host_thread *thread = coil_thread_current();
    COIL_OBJECT all = PySequence_Tuple(functions);
    int r = all ? 0 : -1;

    if (thread)
        thread->calls++;
    for (Py_ssize_t i = 0; r == 0 && i < PyTuple_GET_SIZE(all); i++) {
        COIL_OBJECT result = PyObject_CallNoArgs(PyTuple_GET_ITEM(all, i));

        r = result ? 0 : -1;
    }
    if (thread)
        thread->calls--;
    return r;
}

static int opening_failed(const struct coil_host_module *module, struct coil_error *error)
{
    COIL_OBJECT exception = coil_compat_exception_take();
    char summary[256];

    coil_report_summary(exception, summary, sizeof summary);
    coil_report_open_failure(module->name, exception);
    PyErr_Clear();
    coil_text_flush(coil_thread_current());
    return coil_error_set(error, -ENOEXEC, "module '%s': a function of @coil.on_open failed: %s", module->name,
                          summary);
}

int coil_programs_opened(struct coil_host_program *program, struct coil_host_module *module, struct coil_error *error)
{
    struct opening *opening;
    struct record *record;
    int r;

    if (!module->on_open)
        return 0;
    for (;;) {
        record = record_get(program);
        opening = record ? opening_find(record, module) : NULL;
        if (!opening)
            break;
        if (opening->done || opening->opener == PyThread_get_thread_ident())
            return !opening->done;
        wait_for_ending();
    }
    opening = record ? calloc(1, sizeof *opening) : NULL;
    if (!opening)
        return coil_error_set(error, -ENOMEM, "no memory to open the module '%s'", module->name);
    *opening = (struct opening){ record->openings, module, false, PyThread_get_thread_ident() };
    record->openings = opening;

    r = functions_run(module->on_open);
    if (r < 0)
        r = opening_failed(module, error);
    opening->done = true;
    if (r < 0)
        opening_drop(record, opening);
    coil_text_flush(coil_thread_current());
    tell_ending();
    return r;
}

/* ---- going ---- */

int coil_programs_on_close(struct coil_host_program *program, PyObject *function)
{
    struct coil_host_peer peer;
    struct record *record;

    coil_start_callbacks()->program_peer(program, &peer);
    if (peer.is_gone) {
        PyErr_SetString(coil_program_client_gone(), "on_close(): the program has ended already");
        return -1;
    }
    record = record_get(program);
    if (record && !record->on_close)
        record->on_close = PyList_New(0);
    if (!record)
        (void)PyErr_NoMemory();
    return record && record->on_close ? PyList_Append(record->on_close, function) : -1;
}

static void run_on_close(PyObject *functions)
{
    while (PyList_GET_SIZE(functions) > 0) {
        Py_ssize_t last = PyList_GET_SIZE(functions) - 1;
        COIL_OBJECT function = Py_NewRef(PyList_GET_ITEM(functions, last));
        COIL_OBJECT result = NULL;

        if (PyList_SetSlice(functions, last, last + 1, NULL) < 0)
            break;
        result = PyObject_CallNoArgs(function);
        if (!result) {
            COIL_OBJECT exception = coil_compat_exception_take();

            coil_report_exception(exception, "From a function given to on_close():");
        }
    }
    PyErr_Clear();
}

void coil_programs_gone(struct coil_host_program *program)
{
    struct record **at = &records;
    struct record *record;

    while (*at && (*at)->program != program)
        at = &(*at)->next;
    record = *at;
    if (!record)
        return;
    *at = record->next;
    if (record->on_close)
        run_on_close(record->on_close);
    Py_CLEAR(record->on_close);
    while (record->openings)
        opening_drop(record, record->openings);
    coil_text_flush(coil_thread_current());
    coil_start_callbacks()->program_unref(record->program);
    free(record);
}
