/*
 * In-process mode: frames go to a host in this process.
 *
 * The host is loaded and started once, by the first call of any stub library.
 * Opening a module is left to the host, which runs its init code once and lets
 * other threads wait with the GIL given up; no lock of ours is held meanwhile.
 *
 * A thread that is cancelled in Python would leave with whatever lock it waits for, the GIL's first of all, and
 * everybody else would wait for ever.  So cancellation is held back while Python runs, and not while C code that it has
 * called does.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/single_threaded.h>

#include "client/inprocess/inprocess.h"
#include "proto/cleanup.h"
#include "proto/location.h"

static pthread_mutex_t load_lock = PTHREAD_MUTEX_INITIALIZER; /* guards loading; never held while Python runs */
static const struct coil_host_api *loaded;                    /* guarded by load_lock; set once */
static const struct coil_host_api *_Atomic host;              /* release H, acquire H */

/* What a thread had before a call that is made inside another. */
struct outer {
    struct coil_link *link;
    int cancel_state;
};

/* Python's text, on the thread that runs the handler. */
static void write_text(void *caller, enum coil_host_stream stream, const char *text, size_t size)
{
    (void)caller;
    coil_output_write(stream, text, size);
}

static const struct coil_host_callbacks callbacks = {
    .write = write_text,
    .ask = coil_inprocess_ask,
    .program = coil_inprocess_program,
    .claim = coil_inprocess_claim,
    .program_ref = coil_inprocess_program_ref,
    .program_unref = coil_inprocess_program_unref,
    .program_peer = coil_inprocess_program_peer,
};

const struct coil_host_api *coil_inprocess_host(void)
{
    return atomic_load_explicit(&host, memory_order_acquire); /* H */
}

static int host_load(const struct coil_host_api **ret_host, struct coil_error *error)
{
    char path[PATH_MAX];
    int r = 0;

    (void)pthread_mutex_lock(&load_lock);
    if (!loaded)
        r = coil_location(COIL_HOST_FROM_LIB, path, sizeof path, error);
    if (r == 0 && !loaded)
        r = coil_host_load(path, &loaded, error);
    *ret_host = loaded;
    (void)pthread_mutex_unlock(&load_lock);
    return r;
}

static int host_get(const struct coil_host_api **ret_host, struct coil_error *error)
{
    COIL_CLEANUP(coil_memory_free) char *python = NULL;
    struct coil_host_config config = { .callbacks = &callbacks };
    int r;

    *ret_host = atomic_load_explicit(&host, memory_order_acquire); /* H */
    if (*ret_host)
        return 0;
    r = coil_environment_python(&python, error);
    if (r == 0)
        r = host_load(ret_host, error);
    config.python = python;
    if (r == 0)
        r = (*ret_host)->start(&config, error); /* several threads may come here: the host sorts it out */
    if (r == 0)
        atomic_store_explicit(&host, *ret_host, memory_order_release); /* H */
    return r;
}

/* This thread goes into Python; leave_python() when it has come back. */
static void enter_python(const struct coil_host_api *api, struct coil_thread *thread, struct coil_link *link,
                         struct outer *ret_outer)
{
    *ret_outer = (struct outer){ thread->link, thread->cancel_state };
    thread->link = link;
    thread->cancel_state = COIL_CANCEL_UNTOUCHED;
    if (!__libc_single_threaded) /* nobody else could cancel it */
        (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &thread->cancel_state);
    api->enter(thread->host_thread);
}

static void leave_python(const struct coil_host_api *api, struct coil_thread *thread, const struct outer *outer)
{
    int cancel_state = thread->cancel_state;

    api->leave(thread->host_thread);
    thread->link = outer->link;
    thread->cancel_state = outer->cancel_state;
    if (cancel_state != COIL_CANCEL_UNTOUCHED)
        (void)pthread_setcancelstate(cancel_state, NULL);
}

/* This thread, attached to the host. */
static struct coil_thread *thread_of(const struct coil_host_api *api)
{
    struct coil_thread *thread = coil_thread_get();
    int cancel_state;

    if (thread && !thread->host_thread) {
        /* Python waits for a semaphore; who is cancelled there can take another thread's wake-up along. */
        (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
        thread->host_thread = api->thread_attach(thread);
        (void)pthread_setcancelstate(cancel_state, NULL);
    }
    return thread && thread->host_thread ? thread : NULL;
}

int coil_inprocess_open(struct coil_link *link, enum coil_status *ret_status, struct coil_error *error)
{
    const struct coil_host_api *api;
    struct coil_host_module *module;
    struct coil_thread *thread;
    struct outer outer;
    bool is_private;
    int r;

    *ret_status = COIL_E_NO_PYTHON;
    r = host_get(&api, error);
    if (r == 0)
        r = coil_environment_interpreter(&is_private, error);
    if (r < 0)
        return r;
    if (is_private)
        (void)coil_inprocess_claim();
    *ret_status = COIL_E_MEMORY;
    thread = thread_of(api);
    if (!thread)
        return coil_error_set(error, -ENOMEM, "no memory for a Python thread state");

    enter_python(api, thread, link, &outer);
    r = api->module_open(link->image, link->hash, &module, error);
    if (r >= 0)
        link->host_module = module; /* with the GIL: all threads write the same */
    if (r == 0)
        r = api->program_opened(coil_inprocess_program(thread), module, error);
    if (r == -ENOEXEC)
        link->failure = *error;
    leave_python(api, thread, &outer);

    if (r == 0)
        atomic_store_explicit(&link->carry, coil_inprocess_call, memory_order_release); /* L */
    else if (r == -ENOEXEC)
        atomic_store_explicit(&link->carry, coil_link_carry_failed, memory_order_release); /* L */
    /* 1: its own init code has called one of its functions; the other threads still have to wait. */
    *ret_status = r == -ENOEXEC ? COIL_E_INIT : r == -EEXIST ? COIL_E_MISMATCH : COIL_E_NO_PYTHON;
    return r;
}

/* True: its deadline has passed, and the exception that was raised for it has ended the handler. */
static bool call_bounded(const struct coil_host_api *api, struct coil_thread *thread, struct coil_link *link,
                         unsigned function, void *call, void *result, int *inout_errno, int *ret_outcome)
{
    struct coil_inprocess_deadline deadline;
    bool is_late;

    coil_inprocess_deadline_open(&deadline, thread);
    *ret_outcome = api->call(thread->host_thread, link->host_module, function, call, result, inout_errno);
    is_late = coil_inprocess_deadline_close(&deadline, *ret_outcome == COIL_HOST_RAISED);
    return is_late && *ret_outcome == COIL_HOST_RAISED;
}

/* The result is the error value already. */
static void fail_late(struct coil_link *link, unsigned function, uint32_t limit_ms)
{
    struct coil_error error;

    coil_error_set(
        &error, -ETIME,
        "Python had not come to an end within its deadline of %u ms, and was ended (coil.DeadlineExceeded): give "
        "it more time with timeout() in its declaration, or with COIL_TIMEOUT_MS, if it needs that",
        limit_ms);
    coil_status_fail(link, function, NULL, COIL_E_TIMEOUT, &error);
}

/* Any call, of any function. */
static void call_any(struct coil_link *link, unsigned function, void *call, void *result)
{
    const struct coil_host_api *api = atomic_load_explicit(&host, memory_order_relaxed); /* set before `carry` */
    struct coil_thread *thread = coil_thread_self;
    struct coil_deadline outer_deadline;
    struct outer outer;
    int error_number = errno;
    uint32_t limit_ms, late_ms = 0;
    int outcome;

    if (__builtin_expect(!thread || !thread->host_thread, 0)) {
        struct coil_error error;

        thread = thread_of(api);
        if (!thread) {
            coil_error_set(&error, -ENOMEM, "no memory for a Python thread state");
            coil_status_fail(link, function, result, COIL_E_MEMORY, &error);
            errno = error_number;
            return;
        }
    }
    if (__builtin_expect(link->functions[function].counted || link->functions[function].counted_inside, 0)) {
        struct coil_error error;
        int r = coil_inprocess_check_lengths(thread, link, function, call, &error);

        if (r < 0) {
            if (result) {
                enter_python(api, thread, link, &outer);
                api->error_value_get(link->host_module, function, result);
                leave_python(api, thread, &outer);
            }
            coil_status_fail(link, function, NULL, r == -ERANGE ? COIL_E_LENGTH : COIL_E_MEMORY, &error);
            errno = error_number;
            return;
        }
    }
    enter_python(api, thread, link, &outer);
    limit_ms = link->functions[function].oneway ? 0 : link->functions[function].own_ms;
    if (__builtin_expect(limit_ms != 0 || thread->deadline.end_ms != 0, 0)) {
        coil_deadline_enter(&outer_deadline, limit_ms);
        if (call_bounded(api, thread, link, function, call, result, &error_number, &outcome))
            late_ms = thread->deadline.limit_ms;
        coil_deadline_leave(&outer_deadline);
    } else {
        outcome = api->call(thread->host_thread, link->host_module, function, call, result, &error_number);
    }
    leave_python(api, thread, &outer);
    if (__builtin_expect(late_ms != 0, 0))
        fail_late(link, function, late_ms);
    else
        coil_status_set(thread, link, function, link->functions[function].oneway ? COIL_HOST_RETURNED : outcome);
    errno = error_number;
}

/* A call with nothing unusual about it costs little more than Python itself, and stays so short; call_any() does the
 * same. */
void coil_inprocess_call(struct coil_link *link, unsigned function, void *call, void *result)
{
    const struct coil_host_api *api = atomic_load_explicit(&host, memory_order_relaxed); /* set before `carry` */
    struct coil_thread *thread = coil_thread_self;
    struct outer outer;
    int error_number;
    int outcome;

    if (__builtin_expect(!thread || !thread->host_thread || thread->deadline.end_ms != 0 ||
                             !link->functions[function].ordinary,
                         0)) {
        call_any(link, function, call, result);
        return;
    }
    error_number = errno;
    enter_python(api, thread, link, &outer);
    outcome = api->call(thread->host_thread, link->host_module, function, call, result, &error_number);
    leave_python(api, thread, &outer);
    if (__builtin_expect(outcome == COIL_HOST_RETURNED, 1))
        thread->status = COIL_OK;
    else
        coil_status_set(thread, link, function, outcome);
    errno = error_number;
}

void coil_inprocess_thread_end(struct coil_thread *thread)
{
    if (thread->host_thread) {
        coil_inprocess_deadline_forget(thread->host_thread);
        atomic_load_explicit(&host, memory_order_acquire)->thread_detach(thread->host_thread); /* H */
    }
    thread->host_thread = NULL;
}

/* The GIL comes before the lock: Python's own os.fork() has it when it comes here. */
void coil_inprocess_before_fork(void)
{
    const struct coil_host_api *api;

    (void)pthread_mutex_lock(&load_lock);
    api = loaded;
    if (api) {
        (void)pthread_mutex_unlock(&load_lock);
        api->fork_before();
        (void)pthread_mutex_lock(&load_lock);
    }
    coil_inprocess_deadline_before_fork();
}

void coil_inprocess_after_fork(bool in_child)
{
    const struct coil_host_api *api = loaded; /* the same as before: the lock is held */

    coil_inprocess_deadline_after_fork(in_child);
    if (in_child)
        (void)pthread_mutex_init(&load_lock, NULL);
    else
        (void)pthread_mutex_unlock(&load_lock);
    if (api)
        api->fork_after(in_child);
}

void *coil_inprocess_import(struct coil_link *link)
{
    struct coil_error error = { 0 };
    const struct coil_host_api *api;

    if (host_get(&api, &error) < 0) {
        coil_host_raise_import_error(error.text);
        return NULL;
    }
    atomic_store_explicit(&link->imported, true, memory_order_relaxed);
    (void)coil_inprocess_claim();
    return api->module_import(link->image, link->hash);
}
