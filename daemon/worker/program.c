/*
 * Programs, as the host knows them: sessions that are counted.
 *
 * Python may keep a program for longer than it lives.  The structure stays then; its window is covered when the session
 * ends, and whoever asks it for something learns that it has gone.
 */
#include <stdlib.h>

#include "daemon/worker/worker.h"

bool coil_worker_is_private;
bool coil_worker_is_system;

struct coil_host_program *coil_program_of(void *caller)
{
    struct coil_channel *channel = caller;

    return channel ? coil_session_program(channel->session) : coil_sessions_private();
}

struct coil_host_program *coil_program_ref(struct coil_host_program *program)
{
    (void)atomic_fetch_add_explicit(&coil_program_session(program)->references, 1, memory_order_relaxed);
    return program;
}

void coil_program_unref(struct coil_host_program *program)
{
    struct coil_session *session = coil_program_session(program);

    /* P: whoever frees it comes after everyone else's last use. */
    if (!session || atomic_fetch_sub_explicit(&session->references, 1, memory_order_acq_rel) > 1)
        return;
    (void)pthread_cond_destroy(&session->service_changed);
    (void)pthread_mutex_destroy(&session->service_lock);
    (void)pthread_mutex_destroy(&session->lock);
    coil_mirror_free(session);
    free(session->modules);
    free(session->blocks);
    free(session);
}

void coil_program_peer(struct coil_host_program *program, struct coil_host_peer *ret_peer)
{
    const struct coil_session *session = coil_program_session(program);

    *ret_peer = session->peer;
    ret_peer->is_private = coil_worker_is_private;
    ret_peer->is_gone = atomic_load_explicit(&session->closing, memory_order_relaxed);
}
