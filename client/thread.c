/*
 * What coil keeps for each thread that has called Python.
 *
 * The structure is reached through one thread-local pointer of the
 * initial-exec model: a load, even in a library that was opened with dlopen().  A
 * pthread key's destructor gives everything back when the thread ends.
 *
 * All structures are in a list.  In a forked child those of the parent's other threads stay there, and are no leak that
 * tools would report: what they own cannot be freed, because their threads may have been changing it.  The runtime
 * lock guards the list.
 */
#include <stdlib.h>

#include "client/runtime.h"

_Thread_local struct coil_thread *coil_thread_self;

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static struct coil_thread *threads;

static void enter(struct coil_thread *thread)
{
    (void)pthread_mutex_lock(&coil_runtime_lock);
    thread->next = threads;
    if (threads)
        threads->previous = thread;
    threads = thread;
    (void)pthread_mutex_unlock(&coil_runtime_lock);
}

static void leave(struct coil_thread *thread)
{
    (void)pthread_mutex_lock(&coil_runtime_lock);
    if (thread->next)
        thread->next->previous = thread->previous;
    *(thread->previous ? &thread->previous->next : &threads) = thread->next;
    (void)pthread_mutex_unlock(&coil_runtime_lock);
}

#ifdef __SANITIZE_ADDRESS__
#define FORGOTTEN_SIZE ((size_t)256 << 10) /* of the stack */

void __asan_unpoison_memory_region(const volatile void *address, size_t size); /* of its run-time library */
#endif

/*
 * AddressSanitizer takes the variables of functions that a thread was in, when it was cancelled or called
 * pthread_exit(), for being there still, and what runs now in their place for a mistake: it is told that they are gone.
 */
static void forget_frames(void)
{
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region((const char *)__builtin_frame_address(0) - FORGOTTEN_SIZE, FORGOTTEN_SIZE);
#endif
}

static void thread_end(void *argument)
{
    struct coil_thread *thread = argument;
    int cancel;

    forget_frames();
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel); /* locks are taken */
    coil_remote_thread_left(thread);
    coil_remote_thread_end(thread);
    coil_inprocess_thread_end(thread);
    coil_thread_self = NULL;
    leave(thread);
    free(thread->environment);
    free(thread->reader);
    free(thread);
    (void)pthread_setcancelstate(cancel, NULL);
}

static void key_create(void)
{
    if (pthread_key_create(&key, thread_end) != 0)
        abort(); /* a program that has used up all keys before its first call cannot be helped */
}

struct coil_thread *coil_thread_get(void)
{
    struct coil_thread *thread = coil_thread_self;

    if (thread)
        return thread;
    (void)pthread_once(&key_once, key_create);
    coil_fork_prepare();
    thread = calloc(1, sizeof *thread);
    if (thread && pthread_setspecific(key, thread) != 0) {
        free(thread);
        return NULL;
    }
    if (thread)
        enter(thread);
    coil_thread_self = thread;
    return thread;
}
