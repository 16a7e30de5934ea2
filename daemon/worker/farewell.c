/*
 * Telling Python that a program has gone.
 *
 * Functions that were given to session.on_close() may take any time, so they run on a thread of their own, which has
 * no caller: what they print goes to the log.  The supervisor is told that the session has ended when they have
 * returned, because it ends a private worker then; but not later than after some seconds.  Nobody starts a thread for a
 * program that Python does not remember.
 *
 * The link's thread; the thread that is started.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/worker/worker.h"
#include "proto/clock.h"
#include "proto/fault.h"

#define PATIENCE_MS 5000

static void *farewell_main(void *argument)
{
    struct coil_session *session = argument;
    struct coil_host_thread *thread = coil_worker_host->thread_attach(NULL);

    if (thread) {
        coil_worker_host->enter(thread);
        COIL_FAULT("farewell.begun");
        coil_worker_host->program_gone(coil_session_program(session));
        coil_worker_host->leave(thread);
        coil_worker_host->thread_detach(thread);
    }
    atomic_store_explicit(&session->farewell_said, true, memory_order_relaxed);
    coil_program_unref(coil_session_program(session));
    return NULL;
}

static void begin(struct coil_session *session)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int r;

    session->farewell_until_ms = coil_clock_ms() + PATIENCE_MS;
    if (atomic_load_explicit(&session->references, memory_order_relaxed) == (coil_worker_is_private ? 2 : 1)) {
        atomic_store_explicit(&session->farewell_said, true, memory_order_relaxed);
        return;
    }
    (void)coil_program_ref(coil_session_program(session));
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    r = pthread_create(&thread, &attributes, farewell_main, session);
    (void)pthread_attr_destroy(&attributes);
    if (r == 0)
        return;
    fprintf(stderr, "coil-worker: session %llu: no thread for what Python does when a program has gone: %s\n",
            (unsigned long long)session->number, strerror(r));
    coil_program_unref(coil_session_program(session));
    atomic_store_explicit(&session->farewell_said, true, memory_order_relaxed);
}

bool coil_farewell_is_over(struct coil_session *session)
{
    if (session->farewell_until_ms == 0)
        begin(session);
    return atomic_load_explicit(&session->farewell_said, memory_order_relaxed) ||
           coil_clock_ms() >= session->farewell_until_ms;
}
