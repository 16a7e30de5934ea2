/*
 * Failures, as a C program sees them.
 *
 * A C signature cannot report that Python was not reached, so a failed call
 * returns the function's error value, says why in one line on stderr, and leaves the
 * reason for coil_last_error().  With COIL_ON_ERROR=abort the program stops
 * there instead.  Any thread.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/runtime.h"
#include "daemon/host/host.h"

void coil_status_print(const char *format, ...)
{
    char line[COIL_ERROR_TEXT_MAX + 512];
    va_list arguments;
    int used;

    used = snprintf(line, sizeof line, "coil: ");
    va_start(arguments, format);
    (void)vsnprintf(line + used, sizeof line - (size_t)used - 1, format, arguments);
    va_end(arguments);
    strcat(line, "\n");
    coil_output_write(COIL_HOST_STDERR, line, strlen(line));
}

static void abort_if_asked(void)
{
    const char *on_error = secure_getenv("COIL_ON_ERROR");

    if (on_error && strcmp(on_error, "abort") == 0)
        abort();
}

/* Of the last failed call of a thread that there was no memory to keep anything for. */
static _Thread_local int status_without_state;

/* For coil_last_error().  The thread's state, or NULL. */
static struct coil_thread *remember(enum coil_status status, const struct coil_error *error)
{
    struct coil_thread *thread = coil_thread_get();

    if (thread) {
        thread->status = status;
        thread->error = *error;
    } else {
        status_without_state = status;
    }
    return thread;
}

void coil_status_fail(struct coil_link *link, unsigned function, void *result, enum coil_status status,
                      const struct coil_error *error)
{
    const struct coil_client_function *f = &link->functions[function];
    struct coil_thread *thread;

    if (result && f->result_size) {
        coil_image_declared_error(link->image, &coil_image_functions(link->image)[function], result);
        (void)pthread_mutex_lock(&coil_runtime_lock);
        if (link->error_values_size <= COIL_ERROR_VALUES_SIZE)
            memcpy(result, link->error_values + link->error_value_offsets[function], f->result_size);
        (void)pthread_mutex_unlock(&coil_runtime_lock);
    }
    thread = remember(status, error);
    if (thread && f->oneway) {
        thread->oneway_lost = status;
        thread->oneway_error = *error;
    }
    coil_status_print("%s.%s(): %s; %s", coil_image_name(link->image), coil_link_function_name(link, function),
                      error->text, f->oneway ? "the one-way call is lost" : "the call returned its error value");
    abort_if_asked();
}

/* Remembers and says why; `what` is what has been called. */
static void fail(const char *what, enum coil_status status, const struct coil_error *error)
{
    (void)remember(status, error);
    coil_status_print("%s: %s; the call returned its error value", what, error->text);
    abort_if_asked();
}

/* Signatures have no names. */
static const char *pointer_name(const struct coil_link *link, char *ret_name, size_t size)
{
    (void)snprintf(ret_name, size, "%s: a call through a function pointer", coil_image_name(link->image));
    return ret_name;
}

void coil_status_fail_pointer(struct coil_link *link, uint32_t signature, void *result, enum coil_status status,
                              const struct coil_error *error)
{
    char name[256];

    if (result && link->signatures[signature].result_size)
        memset(result, 0, link->signatures[signature].result_size);
    fail(pointer_name(link, name, sizeof name), status, error);
}

void coil_status_fail_nameless(enum coil_status status, const struct coil_error *error)
{
    fail("a call through a function pointer", status, error);
}

void coil_status_unusable(const struct coil_error *error)
{
    (void)remember(error->code == -ENOMEM ? COIL_E_MEMORY : COIL_E_MISMATCH, error);
    coil_status_print("a stub library cannot be used: %s", error->text);
    abort_if_asked();
}

void coil_status_set(struct coil_thread *thread, struct coil_link *link, unsigned function, int outcome)
{
    if (__builtin_expect(outcome == COIL_HOST_RETURNED, 1)) {
        thread->status = COIL_OK;
        return;
    }
    if (outcome == COIL_HOST_NOT_ATTACHED) {
        thread->status = COIL_E_NOT_ATTACHED;
        coil_error_set(&thread->error, -1, "%s.%s(): no Python function is attached with @ffi.def_extern()",
                       coil_image_name(link->image), coil_link_function_name(link, function));
    } else {
        thread->status = COIL_E_EXCEPTION;
        coil_error_set(&thread->error, -1, "%s.%s(): Python raised an exception; its traceback is on stderr",
                       coil_image_name(link->image), coil_link_function_name(link, function));
    }
    abort_if_asked();
}

void coil_status_set_pointer(struct coil_thread *thread, struct coil_link *link, int outcome)
{
    char name[256];

    thread->status = outcome == COIL_HOST_RETURNED ? COIL_OK : COIL_E_EXCEPTION;
    if (thread->status == COIL_OK)
        return;
    coil_error_set(&thread->error, -1, "%s: Python raised an exception; its traceback is on stderr",
                   pointer_name(link, name, sizeof name));
    abort_if_asked();
}

COIL_EXPORT int coil_last_error(const char **ret_text)
{
    const struct coil_thread *thread = coil_thread_self;

    int status = thread ? thread->status : status_without_state;

    if (ret_text)
        *ret_text = status == COIL_OK ? "" : thread ? thread->error.text : "there was no memory to keep the reason";
    return status;
}
