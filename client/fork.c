/*
 * A forked child.
 *
 * The child shares the parent's sockets and channels by accident; using them
 * would mix two programs' calls.  So it closes and forgets all of them and
 * attaches afresh at its next call.  Python in this process (in-process mode) is the
 * child's own copy; it is held up while the process forks, because the child has none of
 * the threads that may be in it.
 */
#include "client/memory.h"
#include "proto/wait.h"

static pthread_once_t registered = PTHREAD_ONCE_INIT;

static void before(void)
{
    coil_inprocess_before_fork();
    (void)pthread_mutex_lock(&coil_attach_lock); /* a connection that is half made cannot be forgotten */
    (void)pthread_mutex_lock(&coil_runtime_lock);
    coil_memory_before_fork();
}

static void after_in_parent(void)
{
    coil_memory_after_fork(false);
    (void)pthread_mutex_unlock(&coil_runtime_lock);
    (void)pthread_mutex_unlock(&coil_attach_lock);
    coil_inprocess_after_fork(false);
}

static void after_in_child(void)
{
    coil_memory_after_fork(true);
    coil_remote_forget();
    coil_spin_forget();
    for (struct coil_link *link = coil_links; link; link = link->next) {
        (void)pthread_mutex_init(&link->lock, NULL); /* another thread of the parent may hold it */
        link->holder = NULL;
        if (atomic_load_explicit(&link->opener, memory_order_relaxed) != coil_thread_self)
            atomic_store_explicit(&link->opener, NULL, memory_order_relaxed);
    }
    (void)pthread_mutex_init(&coil_runtime_lock, NULL);
    (void)pthread_mutex_init(&coil_attach_lock, NULL);
    coil_program_forget();
    coil_inprocess_after_fork(true); /* runs Python, so everything else is in order by now */
}

static void register_handlers(void)
{
    (void)pthread_atfork(before, after_in_parent, after_in_child);
}

void coil_fork_prepare(void)
{
    (void)pthread_once(&registered, register_handlers);
}
