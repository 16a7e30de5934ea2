/*
 * fork() in a program whose Python runs in it.
 *
 * Python's own os.fork() prepares the interpreter, and sets it up anew in the child: there is a new GIL, and no
 * thread state but the caller's.  A program's fork() knows nothing of that, and may happen while another thread is in
 * the middle of an object.  So the same is done around it: Python is held up at a place where it can be, by taking the
 * GIL. A thread that forks with the GIL is os.fork() itself, or C code that Python has called without giving up the
 * GIL: there all that is left to do is what belongs to the host.
 *
 * Called by the program's handlers of pthread_atfork(), on the thread that forks.
 */
#include "daemon/host/compat.h"

#include "daemon/host/fork.h"

#include <stdbool.h>

#include "daemon/host/module.h"
#include "daemon/host/start.h"

static _Thread_local bool holds_up;  /* Python is held up, or its start */
static _Thread_local bool has_state; /* `state` is to be given back */
static _Thread_local PyGILState_STATE state;

void coil_fork_before(void)
{
    if (Py_IsInitialized() && PyGILState_Check())
        return;
    coil_start_hold_up();
    holds_up = true;
    has_state = Py_IsInitialized();
    if (!has_state)
        return;
    state = PyGILState_Ensure();
    PyOS_BeforeFork();
}

void coil_fork_after(bool in_child)
{
    if (holds_up && has_state && in_child)
        PyOS_AfterFork_Child();
    else if (holds_up && has_state)
        PyOS_AfterFork_Parent();
    if (in_child && Py_IsInitialized())
        coil_modules_forked();
    if (holds_up && has_state)
        PyGILState_Release(state);
    if (in_child || holds_up)
        coil_start_go_on(in_child);
    holds_up = has_state = false;
}
