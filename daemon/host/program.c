/*
 * Asking the program: what lib.f(), lib.var and calls through its function pointers have in common.
 *
 * Which program is asked is decided in one place.  Inside a call it is the one that waits for this
 * very thread, and the thread that waits there runs the C code, so that thread-local variables, locks and
 * recursion are what they would be in one process.  Outside of calls there is an answer only
 * where no other program can be meant.
 *
 * With the GIL; the embedder gives it up while it waits.
 */
#include "daemon/host/object.h"

#include "daemon/host/program.h"

#include <errno.h>

#include "daemon/host/backend.h"
#include "daemon/host/interrupt.h"
#include "daemon/host/module.h"
#include "daemon/host/session_type.h"
#include "daemon/host/start.h"
#include "daemon/host/text.h"
#include "daemon/host/thread.h"

static PyObject *client_gone;

PyObject *coil_program_client_gone(void)
{
    if (!client_gone)
        client_gone = PyErr_NewExceptionWithDoc("coil.ClientGone", "The program that Python works for has ended.",
                                                PyExc_RuntimeError, NULL);
    return client_gone;
}

/* Ends init code that cannot run in a Python that serves several programs; not an Exception, so that it is not caught.
 */
static void abort_init_code(struct coil_host_module *module, const char *what)
{
    static PyObject *type;

    module->needs_program = true;
    if (!type)
        type = PyErr_NewException("coil.NeedsProgram", PyExc_BaseException, NULL);
    if (type)
        PyErr_Format(type, "%s: the init code needs the program", what);
}

static void raise_nobody(const char *what)
{
    struct coil_host_module *module = coil_module_opening();

    if (module && !module->on_open)
        abort_init_code(module, what);
    else if (module)
        PyErr_Format(
            PyExc_RuntimeError,
            "%s: the init code of a module that uses @coil.on_open runs once for all programs, so it is not known "
            "whose C code is meant: use it in the function that is given to @coil.on_open",
            what);
    else
        PyErr_Format(
            PyExc_RuntimeError,
            "%s: no program is being served here, so it is not known whose C code is meant: use it in a "
            "function that a program calls, on the thread of that call; elsewhere `with session:`, of a session "
            "that coil.current() has returned in a call; or run the program with COIL_INTERPRETER=private, which "
            "gives it a Python of its own",
            what);
}

/* Is this init code that is for one program, in a Python that can be that one's alone? */
static bool claim(void)
{
    const struct coil_host_module *module = coil_module_opening();
    const struct coil_host_callbacks *callbacks = coil_start_callbacks();

    return module && !module->on_open && callbacks->claim && callbacks->claim();
}

int coil_program_current(const char *what, struct coil_program_place *ret_place)
{
    const struct coil_host_callbacks *callbacks = coil_start_callbacks();
    struct coil_host_thread *thread = coil_thread_current();

    *ret_place = (struct coil_program_place){ .caller = thread ? thread->caller : NULL };
    ret_place->program = coil_session_entered();
    if (!ret_place->program && callbacks->program)
        ret_place->program = callbacks->program(thread && thread->calls ? thread->caller : NULL);
    if (!ret_place->program && claim())
        ret_place->program = callbacks->program(NULL);
    if (ret_place->program)
        return 0;
    raise_nobody(what);
    return -1;
}

void coil_program_raise(int r, const char *what, const struct coil_error *error)
{
    PyObject *type = r == -ESRCH    ? coil_program_client_gone()
                     : r == -ETIME  ? coil_interrupt_exception()
                     : r == -ELOOP  ? PyExc_RecursionError
                     : r == -EFAULT ? PyExc_ValueError
                     : r == -ENOMEM ? PyExc_MemoryError
                                    : PyExc_RuntimeError;

    if (type)
        PyErr_Format(type, "%s: %s", what, error->text);
}

int coil_program_ask(const struct coil_program_place *place, struct coil_host_ask *ask, const char *what)
{
    const struct coil_host_callbacks *callbacks = coil_start_callbacks();
    struct coil_error error; /* large, so it is filled only when it is needed */
    int r;

    coil_text_flush(coil_thread_current()); /* before C prints */
    coil_backend_errno_restore();
    ask->error_number = errno;
    r = callbacks->ask(place->caller, place->program, ask, &error);
    errno = ask->error_number;
    coil_backend_errno_save();
    if (r == 0)
        return 0;
    coil_program_raise(r, what, &error);
    return -1;
}
