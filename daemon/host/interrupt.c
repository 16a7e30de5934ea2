/*
 * Ending Python code from outside, and looking at code that cannot be ended.
 *
 * A call whose deadline has passed gets coil.DeadlineExceeded raised in it, and one whose program has ended
 * coil.ClientGone: CPython looks for such an exception between bytecodes, so it comes at once where bytecode runs, and
 * on the way back where C code was waiting.  C code
 * that keeps the GIL lets nothing come; then nobody can raise anything, and all that can be done is to show the stacks:
 * faulthandler prints them in a signal handler, without the GIL, to a file descriptor.
 *
 * Raising: any thread with the GIL.  Who has the GIL: any thread, without it; the answer may be old.
 */
#include "daemon/host/object.h"

#include "daemon/host/interrupt.h"

#include <errno.h>

#include "daemon/host/program.h"
#include "daemon/host/thread.h"

PyObject *coil_interrupt_exception(void)
{
    static PyObject *type; /* with the GIL */

    if (!type)
        type = PyErr_NewExceptionWithDoc("coil.DeadlineExceeded", "The deadline of the program's call has passed.",
                                         PyExc_TimeoutError, NULL);
    return type;
}

int coil_interrupt_raise(struct coil_host_thread *thread, enum coil_host_interrupt reason)
{
    PyObject *type = reason == COIL_HOST_GONE ? coil_program_client_gone() : coil_interrupt_exception();

    if (!type) {
        PyErr_Clear();
        return -ENOMEM;
    }
    return PyThreadState_SetAsyncExc(thread->state->thread_id, type) == 1 ? 0 : -ESRCH;
}

bool coil_interrupt_is_pending(const struct coil_host_thread *thread)
{
    return thread->state->async_exc != NULL;
}

void coil_interrupt_clear(struct coil_host_thread *thread)
{
    (void)PyThreadState_SetAsyncExc(thread->state->thread_id, NULL);
}

bool coil_interrupt_has_gil(const struct coil_host_thread *thread)
{
    return coil_compat_gil_holder() == thread->state;
}

int coil_interrupt_prepare_stacks(int signal_number, int fd, struct coil_error *error)
{
    PyGILState_STATE state = PyGILState_Ensure();
    COIL_OBJECT faulthandler = PyImport_ImportModule("faulthandler");
    COIL_OBJECT done = faulthandler ? PyObject_CallMethod(faulthandler, "register", "ii", signal_number, fd) : NULL;
    int result = 0;

    if (!done) {
        PyErr_Clear();
        result = coil_error_set(error, -EINVAL,
                                "Python's faulthandler cannot be used: the log will lack the stacks of a "
                                "worker that is stuck");
    }
    Py_CLEAR(done);
    Py_CLEAR(faulthandler);
    PyGILState_Release(state);
    return result;
}
