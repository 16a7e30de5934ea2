/*
 * The process is about to end, because of what one of its threads does: that thread's channel is marked.
 *
 * Purpose: the supervisor must know which call has killed the worker, to name it, and to refuse it if it
 * does that again and again.  Several calls may have been running, so looking at them is not enough.  A thread
 * ends the process by a signal that its own fault raises, by exit(), or by _exit(); all three pass here.
 *
 * Nothing is changed about how the process ends: afterwards the signal does what it would have done
 * (the default, or a sanitizer's handler).  Python's faulthandler, if a module enables it, comes first and hands on to
 * what it found here.
 *
 * A stack that has overflown cannot run a handler, so each channel's thread has another one for that.
 * Signal handlers run on any thread; the rest is called by the channels' threads and by main.c.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/worker/worker.h"

#define STACK_SIZE 16384

static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS };

#define SIGNAL_COUNT (sizeof signals / sizeof *signals)

static struct sigaction previous[SIGNAL_COUNT];
static _Thread_local struct coil_channel *current;
static _Thread_local void *stack; /* a mapping, of which nothing is touched until it is needed */

/* In a forked child the channel belongs to the parent. */
static void mark(void)
{
    if (current && !coil_worker_forked)
        atomic_store_explicit(&current->control->doing, current->doing | COIL_DOING_FATAL,
                              memory_order_relaxed); /* T */
}

/* A fault comes again when the handler returns, and then meets the previous handler; what was sent has to be sent
 * again. */
static void on_signal(int number, siginfo_t *info, void *context)
{
    bool was_sent = info->si_code <= 0;
    int saved = errno;

    (void)context;
    if (number == SIGSEGV && !was_sent)
        coil_check_explain(info->si_addr);
    if (!was_sent || info->si_pid == getpid())
        mark();
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        if (signals[i] == number)
            (void)sigaction(number, &previous[i], NULL);
    if (was_sent)
        (void)raise(number);
    errno = saved;
}

int coil_fatal_prepare(void)
{
    struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK };

    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        if (sigaction(signals[i], &action, &previous[i]) < 0)
            return -errno;
    return atexit(mark) == 0 ? 0 : -ENOMEM;
}

/* Without memory for it there is none: then a stack that overflows ends the process unmarked. */
static void stack_give(void)
{
    stack_t ours = { .ss_size = STACK_SIZE }, theirs;

    /* A sanitizer may have given the thread one already. */
    if (sigaltstack(NULL, &theirs) < 0 || !(theirs.ss_flags & SS_DISABLE))
        return;
    ours.ss_sp = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (ours.ss_sp == MAP_FAILED)
        return;
    stack = ours.ss_sp;
    (void)sigaltstack(&ours, NULL);
}

static void stack_take(void)
{
    const stack_t none = { .ss_flags = SS_DISABLE };
    stack_t theirs;

    if (!stack)
        return;
    if (sigaltstack(NULL, &theirs) == 0 && theirs.ss_sp == stack)
        (void)sigaltstack(&none, NULL);
    (void)munmap(stack, STACK_SIZE);
    stack = NULL;
}

void coil_fatal_thread(struct coil_channel *channel)
{
    if (channel)
        stack_give();
    else
        stack_take();
    current = channel;
}

/* The C library's, which os._exit() calls, with the mark. */
__attribute__((visibility("default"))) void _exit(int status)
{
    mark();
    for (;;)
        (void)syscall(SYS_exit_group, status);
}
