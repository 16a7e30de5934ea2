/*
 * Threads: one Python thread state per attached OS thread, kept as long as the
 * thread, so that threading.local and contextvars last from call to call.
 *
 * CPython knows a thread state per OS thread for its PyGILState functions, which
 * ctypes and many extension modules use when C calls back into Python.  The
 * state made here becomes that one, because PyThreadState_New() registers the
 * first state a thread gets.  If the thread has one already (a program that
 * runs Python itself), that one is used, and its PyGILState counter is raised for
 * as long as it is attached, so that the program's own PyGILState_Release()
 * does not delete it under us.
 *
 * enter() may find the GIL held by this thread (Python code of the process called
 * into C) or given up in the middle of an outer call (ctypes gives it up around
 * a C function); so every level remembers whether it took the GIL itself.
 *
 * A thread structure belongs to the OS thread that attached it.
 */
#include "daemon/host/thread.h"

#include <stdlib.h>

#include "daemon/host/keep.h"

#include "proto/cleanup.h"

#define LEVELS_FIRST 64

static _Thread_local struct coil_host_thread *current;

static bool holds_gil(const struct coil_host_thread *thread)
{
    return coil_compat_thread_current() == thread->state;
}

static void thread_free(struct coil_host_thread **thread)
{
    if (*thread)
        free((*thread)->taken);
    free(*thread);
    *thread = NULL;
}

struct coil_host_thread *coil_thread_attach(void *caller)
{
    COIL_CLEANUP(thread_free) struct coil_host_thread *thread = calloc(1, sizeof *thread);

    if (!thread)
        return NULL;
    thread->taken = calloc(LEVELS_FIRST, sizeof *thread->taken);
    if (!thread->taken)
        return NULL;
    thread->capacity = LEVELS_FIRST;
    thread->caller = caller;
    thread->state = PyGILState_GetThisThreadState();
    if (thread->state) {
        /* Raises the counter; nothing but the thread's own state can be current here. */
        if (PyGILState_Ensure() == PyGILState_UNLOCKED)
            (void)PyEval_SaveThread();
    } else {
        thread->state = PyThreadState_New(PyInterpreterState_Main());
        if (!thread->state)
            return NULL;
        thread->made = true;
    }
    return coil_steal_memory(&thread);
}

/*
 * A program's thread is detached by a thread-specific destructor, when CPython's
 * own thread-specific value may have been cleared already, so PyGILState_Release()
 * cannot be asked about a state that was made here.
 */
static void state_delete(struct coil_host_thread *thread)
{
    PyEval_RestoreThread(thread->state);
    coil_keep_forget(thread);
    PyThreadState_Clear(thread->state);
    PyThreadState_DeleteCurrent();
}

void coil_thread_detach(struct coil_host_thread *thread)
{
    if (!thread)
        return;
    if (!Py_IsInitialized()) {
        /* The program has finalised its Python; the thread state went with it. */
    } else if (thread->made) {
        state_delete(thread);
    } else if (PyGILState_GetThisThreadState() == thread->state) {
        /* Lowers the counter that attaching has raised; with the GIL, which goes back to what it was. */
        bool held = holds_gil(thread);

        if (!held)
            PyEval_RestoreThread(thread->state);
        coil_keep_forget(thread);
        PyGILState_Release(held ? PyGILState_LOCKED : PyGILState_UNLOCKED);
    }
    thread_free(&thread);
}

/* Room for more levels; never inlined, so that entering stays short. */
__attribute__((noinline)) static void levels_grow(struct coil_host_thread *thread)
{
    unsigned char *taken = realloc(thread->taken, thread->capacity * 2);

    if (!taken)
        Py_FatalError("coil: no memory for another level of nested calls");
    thread->taken = taken;
    thread->capacity *= 2;
}

void coil_thread_enter(struct coil_host_thread *thread)
{
    bool take = !holds_gil(thread);

    if (take)
        PyEval_RestoreThread(thread->state);
    if (__builtin_expect(thread->depth == thread->capacity, 0))
        levels_grow(thread);
    if (thread->depth == 0) {
        thread->outer = current;
        current = thread;
    }
    thread->taken[thread->depth++] = take;
}

void coil_thread_leave(struct coil_host_thread *thread)
{
    bool taken = thread->taken[--thread->depth];

    if (thread->depth == 0) {
        current = thread->outer;
        thread->outer = NULL;
    }
    if (taken)
        (void)PyEval_SaveThread();
}

void *coil_thread_pause(void)
{
    return PyEval_SaveThread();
}

void coil_thread_resume(void *paused)
{
    PyEval_RestoreThread(paused);
}

struct coil_host_thread *coil_thread_current(void)
{
    return current;
}
