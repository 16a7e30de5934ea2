/*
 * Handlers that nobody waits for, because their deadline has passed or their program has ended; and a GIL that cannot
 * be had.
 *
 * The client says in its control block which call it has given up, and has the supervisor send `late`, so nobody has to
 * look at anything before.  Then a thread of this process, the watchdog, takes the GIL and looks at the session's
 * channels.  One of three things is the case:
 *
 *   - Bytecode runs.  It gave up the GIL for the watchdog; coil.DeadlineExceeded (coil.ClientGone) is raised in it.
 *   - The handler waits outside of Python code, without the GIL.  The exception comes when it wakes; until then it is
 *     left waiting, for as long as it likes.  (Where it waits for its program, it is woken.)
 *   - The GIL cannot be had: native code keeps it.  Nobody in this process gets any further, in no program's calls.
 *     When that has lasted for some seconds, the stacks of all Python threads go to the log, and the process ends; the
 *     next one takes over.  A call that is late is no reason for that by itself, ever, and a program's end is none
 *     at all.  One-way calls are carried out whether their program lives or not.
 *
 * The link's thread, which never needs the GIL, looks at how long the watchdog has been waiting for it.  What it counts
 * is its own turns, so a process that was stopped meanwhile has not waited.  The watchdog ends when nothing is late any
 * more.
 *
 * Code that catches the exception and goes on gets it again, after one second, two, four, and so on.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/worker/running.h"
#include "proto/clock.h"

#define TICK_MS 100
#define LOOK_FIRST_MS 5 /* between two looks at what is late */
#define LOOK_MAX_MS 500

#define STACKS_SIGNAL (SIGRTMAX - 1)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the next two; no other one is taken inside */
static bool watching;                                    /* there is a watchdog */
static bool asked;                                       /* it is to look, whatever it has seen so far */
static _Atomic bool has_deadlines; /* it looks for calls that are late, too.  Relaxed: for the link's thread a hint */
static bool found_late;            /* by the look that is under way; with the GIL */
static _Atomic int64_t waiting_since_ms; /* it waits for the GIL; 0: it does not.  Relaxed: looked at again and again */
static unsigned gil_timeout_ms;

/* The link's thread only. */
static int64_t counted_since_ms; /* waiting_since_ms, of which the next one has been counted */
static int64_t counted_ms;
static int64_t last_tick_ms;

int coil_late_prepare(unsigned timeout_ms, struct coil_error *error)
{
    gil_timeout_ms = timeout_ms;
    return coil_worker_host->prepare_stacks(STACKS_SIGNAL, STDERR_FILENO, error);
}

/* ---- what is late; with the GIL ---- */

/* "calc.add()". */
static const char *name_of(uint32_t doing, char *ret_text, size_t size)
{
    const struct coil_worker_module *module = coil_modules_slot(COIL_DOING_SLOT(doing));
    uint32_t function = COIL_DOING_FUNCTION(doing);

    if (module && doing & COIL_DOING_OPEN)
        (void)snprintf(ret_text, size, "the init code of %s", coil_image_name(module->image));
    else if (module && doing & COIL_DOING_CALL && function < module->image->functions.count)
        (void)snprintf(ret_text, size, "%s.%s()", coil_image_name(module->image),
                       coil_image_function_name(module->image, function));
    else
        (void)snprintf(ret_text, size, "a function pointer's call");
    return ret_text;
}

static void say(const struct coil_channel *channel, const struct coil_running *running, enum coil_host_interrupt reason,
                const char *what)
{
    char name[300];

    fprintf(stderr, "coil-worker: session %llu, channel %u (process %llu of user %llu): %s %s%s\n",
            (unsigned long long)channel->session->number, channel->index,
            (unsigned long long)channel->session->peer.pid, (unsigned long long)channel->session->peer.uid,
            name_of(running->doing, name, sizeof name),
            reason == COIL_HOST_LATE ? "is past its deadline" : "has lost its program", what);
}

static void raise_in(struct coil_channel *channel, struct coil_running *running, enum coil_host_interrupt reason,
                     int64_t now_ms)
{
    if (coil_worker_host->interrupt(channel->host_thread, reason) < 0)
        return; /* tried again at the next look */
    if (running->raised == 0)
        say(channel, running, reason,
            reason == COIL_HOST_LATE ? ": coil.DeadlineExceeded is raised in it" : ": coil.ClientGone is raised in it");
    running->raise_again_ms = now_ms + coil_host_again_ms(running->raised++);
}

/* Its program has ended, and something runs that would have been answered? */
static bool is_forsaken(const struct coil_channel *channel)
{
    const struct coil_running *running = channel->running;

    if (!atomic_load_explicit(&channel->session->closing, memory_order_relaxed))
        return false;
    while (running && (running->sequence == 0 || running->doing & COIL_DOING_OPEN))
        running = running->outer;
    return running;
}

/* True: something of it is to end, and has to be looked at again. */
static bool look_at(struct coil_channel *channel, int64_t now_ms)
{
    enum coil_host_interrupt reason = COIL_HOST_LATE;
    struct coil_running *running = channel->running;

    if (is_forsaken(channel))
        reason = COIL_HOST_GONE;
    else if (coil_running_late(channel))
        found_late = true;
    else
        return false;
    /* One that waits for its program looks up; not in the middle of a one-way call that it runs meanwhile. */
    coil_channel_wake(channel);
    if (running->sequence == 0 || running->doing & COIL_DOING_OPEN)
        return true; /* init code goes on: later calls need what it does */
    if (running->raised == 0 || now_ms >= running->raise_again_ms) {
        raise_in(channel, running, reason, now_ms);
    } else if (!running->blocked_said && coil_worker_host->interrupt_is_pending(channel->host_thread)) {
        running->blocked_said = true;
        say(channel, running, reason, ", and waits outside of Python code: it is left waiting");
    }
    return true;
}

/* ---- the watchdog ---- */

/* Until it is time to look again, or somebody asks for it. */
static void pause_ms(int ms)
{
    const struct timespec step = { 0, LOOK_FIRST_MS * 1000000L };
    bool is_asked = false;

    for (int waited = 0; waited < ms && !is_asked; waited += LOOK_FIRST_MS) {
        (void)nanosleep(&step, NULL);
        (void)pthread_mutex_lock(&lock);
        is_asked = asked;
        (void)pthread_mutex_unlock(&lock);
    }
}

/* Nothing is late: true, unless somebody has asked meanwhile. */
static bool can_end(void)
{
    bool can;

    (void)pthread_mutex_lock(&lock);
    can = !asked;
    if (can)
        watching = false;
    (void)pthread_mutex_unlock(&lock);
    return can;
}

static bool look(struct coil_host_thread *thread)
{
    bool found;

    atomic_store_explicit(&waiting_since_ms, coil_clock_ms(), memory_order_relaxed);
    coil_worker_host->enter(thread);
    atomic_store_explicit(&waiting_since_ms, 0, memory_order_relaxed);
    (void)pthread_mutex_lock(&lock);
    asked = false;
    (void)pthread_mutex_unlock(&lock);
    found_late = false;
    found = coil_sessions_look(look_at, coil_clock_ms());
    (void)pthread_mutex_lock(&lock);
    if (!asked)
        atomic_store_explicit(&has_deadlines, found_late, memory_order_relaxed);
    (void)pthread_mutex_unlock(&lock);
    coil_worker_host->leave(thread);
    return found;
}

static void *watchdog_main(void *argument)
{
    struct coil_host_thread *thread = coil_worker_host->thread_attach(NULL);
    int interval_ms = LOOK_FIRST_MS;

    (void)argument;
    for (bool done = !thread; !done;) {
        if (look(thread)) {
            pause_ms(interval_ms);
            interval_ms = interval_ms * 2 < LOOK_MAX_MS ? interval_ms * 2 : LOOK_MAX_MS;
        } else {
            interval_ms = LOOK_FIRST_MS;
            done = can_end();
        }
    }
    if (thread) {
        coil_worker_host->thread_detach(thread);
    } else {
        (void)pthread_mutex_lock(&lock);
        watching = false;
        (void)pthread_mutex_unlock(&lock);
    }
    return NULL;
}

void coil_late_look(bool has_deadline)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int r = 0;

    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    (void)pthread_mutex_lock(&lock);
    asked = true;
    if (has_deadline)
        atomic_store_explicit(&has_deadlines, true, memory_order_relaxed);
    if (!watching)
        r = pthread_create(&thread, &attributes, watchdog_main, NULL);
    watching = r == 0;
    (void)pthread_mutex_unlock(&lock);
    (void)pthread_attr_destroy(&attributes);
    if (r)
        fprintf(stderr, "coil-worker: nobody waits for a call any more, and there is no thread to end it: %s\n",
                strerror(r));
}

/* ---- a GIL that cannot be had; the link's thread ---- */

/* Whoever has the GIL is to blame: the supervisor reads it when this process is dead. */
static bool blame(struct coil_channel *channel, int64_t now_ms)
{
    uint32_t doing = atomic_load_explicit(&channel->control->doing, memory_order_relaxed); /* T */

    (void)now_ms;
    if (!(doing & (COIL_DOING_CALL | COIL_DOING_OPEN)) || !coil_worker_host->has_gil(channel->host_thread))
        return false;
    atomic_store_explicit(&channel->control->doing, doing | COIL_DOING_FATAL, memory_order_relaxed); /* T */
    return true;
}

/* Shows where everybody is, and ends. */
static void end_stuck(int64_t since_ms)
{
    fprintf(
        stderr,
        "coil-worker: native code has kept Python's interpreter lock (GIL) for %.1f seconds, and calls are past their "
        "deadlines. The stacks of all Python threads:\n",
        (double)counted_ms / 1000);
    (void)pthread_kill(pthread_self(), STACKS_SIGNAL);
    if (atomic_load_explicit(&waiting_since_ms, memory_order_relaxed) != since_ms) {
        fprintf(stderr, "coil-worker: it has come free meanwhile: this process goes on\n");
        return;
    }
    (void)coil_sessions_look(blame, 0);
    fprintf(stderr, "coil-worker: this process is ended because of that, and the next one takes over\n");
    (void)kill(getpid(), SIGKILL);
}

int coil_late_tick(void)
{
    int64_t since_ms = atomic_load_explicit(&waiting_since_ms, memory_order_relaxed);
    int64_t now_ms = coil_clock_ms(), passed_ms = now_ms - last_tick_ms;
    bool is_watching;

    last_tick_ms = now_ms;
    if (since_ms == 0 || since_ms != counted_since_ms || !atomic_load_explicit(&has_deadlines, memory_order_relaxed)) {
        counted_since_ms = since_ms;
        counted_ms = 0;
    } else {
        counted_ms += passed_ms < 2 * TICK_MS ? passed_ms : 2 * TICK_MS;
        if (counted_ms >= gil_timeout_ms)
            end_stuck(since_ms);
    }
    (void)pthread_mutex_lock(&lock);
    is_watching = watching;
    (void)pthread_mutex_unlock(&lock);
    return is_watching ? TICK_MS : -1;
}
