/*
 * Lending open files to a program.
 *
 * The program takes them itself with pidfd_getfd(), which is an act of tracing.  Where the system restricts tracing
 * (kernel.yama.ptrace_scope = 1), a process may name one tracer, so programs are named one after the other, each for as
 * long as its ask takes.  A program that does not answer does not hold up the others for ever: they do without, and get
 * their file if the system does not care.
 */
#include <sys/prctl.h>

#include <time.h>

#include "daemon/worker/worker.h"

#define PATIENCE_MS 200

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static pthread_cond_t withdrawn = PTHREAD_COND_INITIALIZER;
static unsigned offers; /* asks under way */
static uint64_t tracer; /* the program named; 0: none */

/* Waits until no other program is named.  With the lock. */
static void wait_for_turn(uint64_t program)
{
    struct timespec end;

    (void)clock_gettime(CLOCK_REALTIME, &end);
    end.tv_nsec += PATIENCE_MS * 1000000L;
    end.tv_sec += end.tv_nsec / 1000000000L;
    end.tv_nsec %= 1000000000L;
    while (tracer && tracer != program)
        if (pthread_cond_timedwait(&withdrawn, &lock, &end) != 0)
            return;
}

void coil_files_offer(const struct coil_session *session)
{
    void *paused = coil_worker_host->pause();

    (void)pthread_mutex_lock(&lock);
    wait_for_turn(session->peer.pid);
    offers++;
    tracer = session->peer.pid;
    (void)prctl(PR_SET_PTRACER, (unsigned long)tracer, 0, 0, 0); /* fails where there is nothing to allow */
    (void)pthread_mutex_unlock(&lock);
    coil_worker_host->resume(paused);
}

void coil_files_withdraw(void)
{
    (void)pthread_mutex_lock(&lock);
    if (--offers == 0) {
        tracer = 0;
        (void)prctl(PR_SET_PTRACER, 0, 0, 0, 0);
        (void)pthread_cond_broadcast(&withdrawn);
    }
    (void)pthread_mutex_unlock(&lock);
}
