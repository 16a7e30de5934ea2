/*
 * Deadlines of calls in this process.
 *
 * Nobody can leave a handler that runs on his own thread, so all that can be done is to end it: a thread raises
 * coil.DeadlineExceeded in its Python code.  That thread is started by the first call that has a deadline, and ends
 * when there has been none for a while; programs that set none never have it.  Native code that blocks is not
 * interrupted: the exception comes when it returns.
 *
 * Open calls are listed here; where they nest on a thread, the innermost one is meant, because that is where the
 * exception would come.
 *
 * Locks: ours is taken with or without the GIL, and the GIL is never waited for with it.
 */
#include <sys/prctl.h>

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "client/inprocess/inprocess.h"
#include "proto/clock.h"

#define LINGER_MS 1000
#define STACK_SIZE ((size_t)256 << 10)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all that follows */
static pthread_cond_t changed;                           /* of CLOCK_MONOTONIC; made with the thread */
static struct coil_inprocess_deadline *open_calls;       /* the innermost ones of each thread first */
static bool running;
static int64_t wakes_at_ms; /* when the thread looks again */

/* No call further in on the same thread? */
static bool is_innermost(const struct coil_inprocess_deadline *deadline)
{
    const struct coil_inprocess_deadline *d = open_calls;

    while (d->thread != deadline->thread)
        d = d->next;
    return d == deadline;
}

/* When the next exception is due; INT64_MAX: no call is open.  With the lock. */
static int64_t next_due_ms(void)
{
    int64_t due_ms = INT64_MAX;

    for (const struct coil_inprocess_deadline *d = open_calls; d; d = d->next)
        if (d->due_ms < due_ms && is_innermost(d))
            due_ms = d->due_ms;
    return due_ms;
}

/* The exception has been raised, and is again if that does not end the handler. */
static void note_raised(struct coil_inprocess_deadline *deadline, int64_t now_ms)
{
    deadline->due_ms = now_ms + coil_host_again_ms(deadline->raised++);
}

/* With the GIL. */
static void raise_where_due(const struct coil_host_api *api)
{
    int64_t now_ms = coil_clock_ms();

    (void)pthread_mutex_lock(&lock);
    for (struct coil_inprocess_deadline *d = open_calls; d; d = d->next) {
        if (d->due_ms > now_ms || !is_innermost(d) || api->interrupt(d->thread, COIL_HOST_LATE) < 0)
            continue;
        note_raised(d, now_ms);
    }
    (void)pthread_mutex_unlock(&lock);
}

/* Waits until something is due.  False: there has been nothing for a while, and the thread is no longer running. */
static bool await_due(void)
{
    int64_t idle_until_ms = coil_clock_ms() + LINGER_MS;
    bool is_due = false;

    (void)pthread_mutex_lock(&lock);
    while (running && !is_due) {
        int64_t now_ms = coil_clock_ms(), due_ms = next_due_ms();
        struct timespec end;

        if (due_ms != INT64_MAX)
            idle_until_ms = now_ms + LINGER_MS;
        is_due = due_ms <= now_ms;
        running = is_due || now_ms < idle_until_ms;
        wakes_at_ms = due_ms < idle_until_ms ? due_ms : idle_until_ms;
        end = (struct timespec){ wakes_at_ms / 1000, (long)(wakes_at_ms % 1000) * 1000000 };
        if (running && !is_due)
            (void)pthread_cond_timedwait(&changed, &lock, &end);
    }
    (void)pthread_mutex_unlock(&lock);
    return is_due;
}

static void *watchdog_main(void *argument)
{
    const struct coil_host_api *api = coil_inprocess_host();

    (void)argument;
    (void)prctl(PR_SET_NAME, "coil-deadline");
    while (await_due()) {
        struct coil_host_thread *thread = api->thread_attach(NULL);

        if (thread) {
            api->enter(thread);
            raise_where_due(api);
            api->leave(thread);
        }
        api->thread_detach(thread);
    }
    return NULL;
}

/* With the lock.  An errno. */
static int start(void)
{
    static bool made;
    pthread_condattr_t monotonic;
    pthread_attr_t attributes;
    sigset_t all, before;
    pthread_t thread;
    int r;

    if (!made) {
        (void)pthread_condattr_init(&monotonic);
        (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        (void)pthread_cond_init(&changed, &monotonic);
        (void)pthread_condattr_destroy(&monotonic);
        made = true;
    }
    (void)sigfillset(&all);
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    (void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the program's */
    r = pthread_create(&thread, &attributes, watchdog_main, NULL);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    return r;
}

void coil_inprocess_deadline_open(struct coil_inprocess_deadline *deadline, struct coil_thread *thread)
{
    static bool said;
    int cancel, r = 0;

    coil_deadline_start();
    *deadline = (struct coil_inprocess_deadline){ .thread = thread->host_thread,
                                                  .end_ms = thread->deadline.end_ms,
                                                  .due_ms = thread->deadline.end_ms };
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel); /* a lock is held */
    (void)pthread_mutex_lock(&lock);
    deadline->next = open_calls;
    open_calls = deadline;
    if (!running) {
        wakes_at_ms = INT64_MAX;
        running = true;
        r = start();
        running = r == 0;
    } else if (deadline->due_ms < wakes_at_ms) {
        (void)pthread_cond_signal(&changed);
    }
    if (r && !said) {
        said = true;
        coil_status_print("deadlines are not kept: no thread can be started for them: %s", strerror(r));
    }
    (void)pthread_mutex_unlock(&lock);
    (void)pthread_setcancelstate(cancel, NULL);
}

/*
 * An exception that was meant for the call around this one may have ended this one instead, or has come to both.  So if
 * that one is late, it gets its own, here: C code that calls Python again and again leaves no other moment.  With the
 * lock.
 */
static bool pass_on(const struct coil_host_thread *thread)
{
    struct coil_inprocess_deadline *outer = open_calls;
    int64_t now_ms = coil_clock_ms();

    while (outer && outer->thread != thread)
        outer = outer->next;
    if (!outer || outer->end_ms > now_ms)
        return false;
    note_raised(outer, now_ms);
    return true;
}

bool coil_inprocess_deadline_close(struct coil_inprocess_deadline *deadline, bool has_failed)
{
    struct coil_inprocess_deadline **at = &open_calls;
    bool is_passed_on;
    int cancel;

    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    (void)pthread_mutex_lock(&lock);
    while (*at != deadline)
        at = &(*at)->next;
    *at = deadline->next;
    is_passed_on = has_failed && pass_on(deadline->thread);
    /* A call further out may be late, too, and is next. */
    if (running && next_due_ms() < wakes_at_ms)
        (void)pthread_cond_signal(&changed);
    (void)pthread_mutex_unlock(&lock);
    (void)pthread_setcancelstate(cancel, NULL);
    if (deadline->raised)
        coil_inprocess_host()->interrupt_clear(deadline->thread); /* it may not have come in time */
    if (is_passed_on)
        (void)coil_inprocess_host()->interrupt(deadline->thread, COIL_HOST_LATE);
    return deadline->raised > 0;
}

void coil_inprocess_deadline_forget(const struct coil_host_thread *thread)
{
    struct coil_inprocess_deadline **at = &open_calls;

    (void)pthread_mutex_lock(&lock);
    while (*at)
        if ((*at)->thread == thread)
            *at = (*at)->next;
        else
            at = &(*at)->next;
    (void)pthread_mutex_unlock(&lock);
}

void coil_inprocess_deadline_before_fork(void)
{
    (void)pthread_mutex_lock(&lock);
}

void coil_inprocess_deadline_after_fork(bool in_child)
{
    const struct coil_host_thread *self = coil_thread_self ? coil_thread_self->host_thread : NULL;
    struct coil_inprocess_deadline **at = &open_calls;

    if (in_child) { /* other threads, and their calls, are the parent's */
        running = false;
        while (*at)
            if ((*at)->thread == self)
                at = &(*at)->next;
            else
                *at = (*at)->next;
    }
    (void)pthread_mutex_unlock(&lock);
}
