/*
 * The service thread.
 *
 * Python code that handles no call of the program may still want something of it: on a Python thread, in a one-way
 * handler, through a function pointer that it keeps.  No thread of the program waits then, so the program has one more,
 * as soon as Python has asked for it and not before.  It has a channel of its own, says SERVE on it, and carries out
 * what it is asked for, one thing after the other.
 *
 * It belongs to one session and ends with it; a forked child has none.  All signals are blocked in it, because they
 * are the program's.
 *
 * What C has given Python outside of calls stays staged for a while: there is no call whose end would tell that it is
 * no longer needed.
 */
#include <sys/prctl.h>

#include <errno.h>
#include <semaphore.h>
#include <signal.h>

#include "client/remote/remote.h"
#include "proto/cleanup.h"
#include "proto/fault.h"

#define STACK_SIZE ((size_t)1 << 20) /* bytes; C code of the program runs on it, and what that calls */

static pthread_mutex_t start_lock = PTHREAD_MUTEX_INITIALIZER; /* guards starting; taken before the session's lock */

/* Serves until the session ends. */
static void serve(struct coil_channel *channel)
{
    const struct coil_header request = { .kind = COIL_RECORD_SERVE };
    struct coil_scope scope = { .channel = channel };
    struct coil_header header;

    if (!coil_producer_claim(&channel->requests, 0)) /* there is room: it is a fresh channel */
        return;
    channel->is_service = true;
    coil_channel_begin(channel);
    (void)coil_producer_publish(&channel->requests, &request);
    /* Nothing answers, so this comes back when nothing can come any more, or something that makes no sense. */
    (void)coil_channel_receive_any(channel, &header, &scope);
    coil_marshal_deinit(&scope);
}

/* What starter and started tell each other; the starter's, who waits for `told`. */
struct start {
    struct coil_channel *channel;
    bool serves; /* else there was no memory for the thread's state, and the channel is still the starter's */
    sem_t told;
};

static void *service_main(void *argument)
{
    struct start *start = argument;
    struct coil_channel *channel = start->channel;
    struct coil_session *session = channel->session;
    struct coil_thread *thread = coil_thread_get();

    start->serves = thread != NULL;
    (void)sem_post(&start->told);
    if (!thread)
        return NULL;
    (void)prctl(PR_SET_NAME, "coil-service");
    COIL_FAULT("service.started");
    thread->channel = thread->channels = channel; /* given back when the thread ends */
    serve(channel);
    (void)pthread_mutex_lock(&start_lock);
    session->has_service = false;
    (void)pthread_mutex_unlock(&start_lock);
    return NULL;
}

/* A thread without signals, for the channel.  Python may rely on it once this has said 0.  An errno. */
static int start_thread(struct coil_channel *channel)
{
    struct start start = { .channel = channel };
    pthread_attr_t attributes;
    sigset_t all, before;
    pthread_t thread;
    int r;

    (void)sigfillset(&all);
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    (void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    (void)sem_init(&start.told, 0, 0);
    r = pthread_create(&thread, &attributes, service_main, &start);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    while (r == 0 && sem_wait(&start.told) < 0)
        ; /* a signal */
    return r == 0 && !start.serves ? ENOMEM : r;
}

int coil_service_start(struct coil_session *session, struct coil_error *error)
{
    struct coil_channel *channel;
    int cancel;
    int r = 0;

    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    (void)pthread_mutex_lock(&start_lock);
    if (!session->has_service) {
        channel = coil_channel_acquire(session, error);
        r = channel ? start_thread(channel) : -error->code;
        session->has_service = r == 0;
        if (channel && r != 0) {
            coil_error_set(error, -r, "the program cannot start a thread for what Python asks of it: %s", strerror(r));
            coil_channel_release(channel);
        }
    }
    (void)pthread_mutex_unlock(&start_lock);
    (void)pthread_setcancelstate(cancel, NULL);
    return -r;
}

void coil_service_want(struct coil_channel *channel)
{
    struct coil_error error;

    if (coil_service_start(channel->session, &error) < 0)
        coil_status_print("a one-way function cannot reach the program: %s", error.text);
}

void coil_service_forget(void)
{
    (void)pthread_mutex_init(&start_lock, NULL);
}
