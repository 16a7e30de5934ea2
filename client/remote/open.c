/*
 * A module's first call in remote mode.
 *
 * Sessions are per process: the first module attaches, the next ones join its
 * session and so share its interpreter, unless the worker has another build of the
 * module loaded; then they get a session of their own.  The init code runs in the worker
 * on this thread's channel, so what it prints and how it fails is seen here; if
 * another program has run it before, the interpreter is warm and nothing runs.
 *
 * The link's lock makes other threads wait for the first one, unless that one waits for them: init codes may call
 * each other's functions, and then the module is used as far as it is there.  A failure of the
 * init code is this program's for good; every other failure is tried again
 * at the next call.
 */
#include <errno.h>

#include "client/remote/remote.h"
#include "proto/cleanup.h"
#include "proto/fault.h"

#define ATTEMPTS_MAX 10

/*
 * A session of the system daemon, or of another one, whose worker knows the module; with one reference for the caller.
 * -ENODEV: the daemon has no such module, or there is none.  With the attach lock.
 */
static int session_at(struct coil_link *link, bool is_systems, bool is_private, struct coil_session **ret_session,
                      enum coil_status *ret_status, struct coil_error *error)
{
    struct coil_session *session;
    struct coil_session *next;
    int r = -EEXIST;

    (void)pthread_mutex_lock(&coil_runtime_lock);
    for (session = coil_sessions; session; session = next) {
        /* The daemon may take long to answer; the reference keeps the session in the list. */
        coil_session_ref(session);
        (void)pthread_mutex_unlock(&coil_runtime_lock);
        r = session->is_systems != is_systems || session->is_private != is_private || coil_session_is_cut_off(session)
                ? -EEXIST
                : coil_attach_module(session, link, ret_status, error);
        (void)pthread_mutex_lock(&coil_runtime_lock);
        if (r != -EEXIST && r != -EPIPE)
            break;
        next = session->next;
        coil_session_unref(session);
    }
    if (session && r < 0)
        coil_session_unref(session);
    (void)pthread_mutex_unlock(&coil_runtime_lock);
    if (!session) {
        r = coil_attach(link, is_systems, is_private, &session, ret_status, error);
        if (r == 0) {
            link->max_call_ms = atomic_load_explicit(&session->max_call_ms, memory_order_relaxed);
            (void)pthread_mutex_lock(&coil_runtime_lock);
            coil_session_ref(session);
            (void)pthread_mutex_unlock(&coil_runtime_lock);
        }
    }
    if (r == 0)
        *ret_session = session;
    return r;
}

/* The system daemon comes first, if it may: it serves the module, or says that it has not got it. */
static int session_for(struct coil_link *link, struct coil_session **ret_session, enum coil_status *ret_status,
                       struct coil_error *error)
{
    bool is_private, is_final = false;
    int r = 0;

    if (coil_environment_interpreter(&is_private, error) < 0)
        return error->code;
    is_private = is_private || link->needs_private;
    if (coil_deadline_lock(&coil_attach_lock) < 0)
        return coil_deadline_explain(ret_status, error, "another thread of this program waited for the daemon");
    if (coil_attach_may_be_systems()) {
        r = session_at(link, true, is_private, ret_session, ret_status, error);
        is_final = r != -ENODEV || (*ret_status != COIL_E_NO_DAEMON && coil_environment_disowned());
    }
    if (!is_final)
        r = session_at(link, false, is_private, ret_session, ret_status, error);
    (void)pthread_mutex_unlock(&coil_attach_lock);
    return r;
}

static void session_put(struct coil_session **session)
{
    if (!*session)
        return;
    (void)pthread_mutex_lock(&coil_runtime_lock);
    coil_session_unref(*session);
    (void)pthread_mutex_unlock(&coil_runtime_lock);
}

/* Does the daemon no longer serve the session?  Then attaching anew makes sense; nothing has been called yet. */
static bool daemon_is_gone(struct coil_session *session, const struct coil_error *error)
{
    if (error->code != -EPIPE || !coil_session_is_cut_off(session))
        return false;
    coil_session_retire(session);
    return true;
}

/* The module is open: from now on its calls go straight to the session. */
static void link_up(struct coil_link *link, struct coil_session *session, uint32_t slot, uint32_t error_values_at)
{
    (void)pthread_mutex_lock(&coil_runtime_lock);
    coil_session_ref(session);
    coil_deadline_cap(link, link->max_call_ms);
    link->error_values_at = error_values_at;
    atomic_store_explicit(&link->slot, slot, memory_order_relaxed);
    atomic_store_explicit(&link->session, session, memory_order_release);        /* N */
    atomic_store_explicit(&link->carry, coil_remote_call, memory_order_release); /* L */
    (void)pthread_mutex_unlock(&coil_runtime_lock);
}

/* The worker's answer to OPEN. */
static int read_answer(struct coil_link *link, struct coil_channel *channel, const struct coil_header *reply,
                       enum coil_status *ret_status, struct coil_error *error)
{
    char text[COIL_ERROR_TEXT_MAX];
    uint32_t error_values_at;

    if (reply->kind == COIL_RECORD_OPENED && reply->size == sizeof error_values_at) {
        memcpy(&error_values_at, coil_consumer_payload(&channel->replies), sizeof error_values_at);
        link_up(link, channel->session, reply->function >> 16, error_values_at);
        COIL_FAULT("open.linked");
        return 0;
    }
    if (reply->kind != COIL_RECORD_FAILED) {
        *ret_status = COIL_E_PROTOCOL;
        return coil_error_set(error, -EPROTO, "the worker's answer makes no sense");
    }
    if (reply->outcome == COIL_FAILED_PRIVATE && !channel->session->is_private) {
        link->needs_private = true;
        coil_echo_repeat(channel->echo);
        return coil_error_set(error, -EUNATCH, "the init code needs the program");
    }
    *ret_status = reply->outcome == COIL_FAILED_INIT       ? COIL_E_INIT
                  : reply->outcome == COIL_FAILED_CONFLICT ? COIL_E_MISMATCH
                  : reply->outcome == COIL_FAILED_MEMORY   ? COIL_E_MEMORY
                  : reply->outcome == COIL_FAILED_REFUSED  ? COIL_E_REFUSED
                                                           : COIL_E_PROTOCOL;
    coil_error_set(error, -EIO, "%s", coil_channel_words(channel, reply, text));
    if (*ret_status == COIL_E_INIT) {
        link->failure = *error;
        atomic_store_explicit(&link->carry, coil_link_carry_failed, memory_order_release); /* L */
    }
    return error->code;
}

/* `r` is what coil_channel_receive() returned. */
static int no_answer(const struct coil_channel *channel, int r, uint32_t sequence, enum coil_status *ret_status,
                     struct coil_error *error)
{
    long worker = (long)channel->session->worker;
    bool again;

    if (r == -EPROTO)
        return coil_error_set(error, r, "the worker's answer does not fit its ring");
    *ret_status = COIL_E_NOT_STARTED;
    if (r == -ECHILD)
        return coil_error_set(error, -ESRCH, "this process was forked while the init code ran for its parent");
    if (r == -ESRCH && !coil_channel_started(channel, sequence))
        return coil_error_set(error, -EAGAIN, "the Python worker (process %ld) died", worker);
    /* Init code runs anew in every worker anyway; but what it has called of the program is not called twice. */
    again = r == -ESRCH && !(channel->levels[channel->level_count - 1] & COIL_LEVEL_ASKED);
    if (again && channel->echo)
        coil_echo_repeat(channel->echo);
    return coil_error_set(error, again ? -EAGAIN : -ESRCH,
                          "the Python worker (process %ld) died while it ran the init code; the daemon's log "
                          "(coilctl status names it) says how",
                          worker);
}

/* -EAGAIN: the worker died, the next one will do; -ESRCH: it died in the program, called by the init code. */
static int open_module(struct coil_link *link, struct coil_channel *channel, enum coil_status *ret_status,
                       struct coil_error *error)
{
    const struct coil_header request = { .kind = COIL_RECORD_OPEN, .size = COIL_HASH_SIZE };
    struct coil_scope scope = { .outer = channel->scopes, .channel = channel, .link = link };
    struct coil_header reply;
    uint32_t sequence, level;
    void *payload;
    int r;

    payload = coil_channel_claim(channel, request.size, &r);
    if (!payload)
        return coil_channel_explain(channel, r, ret_status, error);
    *ret_status = COIL_E_PROTOCOL;
    memcpy(payload, link->hash, COIL_HASH_SIZE);
    coil_channel_begin(channel);
    level = channel->level_count;
    sequence = coil_producer_publish(&channel->requests, &request);

    r = coil_channel_receive(channel, &reply, &scope);
    if (r == -ETIME) {
        r = coil_deadline_explain(ret_status, error,
                                  "the module's init code ran, which goes on: later calls wait for it");
        coil_late_begin(channel, sequence, &scope);
        channel->echo = NULL; /* nobody listens any more */
        coil_late_leave(channel, level);
        return r;
    }
    if (r == 0 && scope.marshal && coil_marshal_back(&scope, true, error) < 0)
        coil_status_print("%s: %s", coil_image_name(link->image), error->text);
    coil_marshal_deinit(&scope);
    if (r < 0) {
        r = no_answer(channel, r, sequence, ret_status, error);
        coil_channel_end(channel);
        return r;
    }
    r = read_answer(link, channel, &reply, ret_status, error);
    coil_channel_finish(channel);
    coil_files_close(channel, channel->level_count);
    return r;
}

/* Is this thread's channel all that the session is for? */
static bool is_ours_alone(const struct coil_session *session)
{
    bool alone;

    (void)pthread_mutex_lock(&coil_runtime_lock);
    alone = session->references == 2; /* the caller's, the channel's */
    (void)pthread_mutex_unlock(&coil_runtime_lock);
    return alone;
}

/* Whether, and where, this thread is opening the module: others look.  `channel` NULL: no longer. */
static void tell_opener(struct coil_link *link, struct coil_channel *channel)
{
    (void)pthread_mutex_lock(&coil_runtime_lock);
    link->opening_channel = channel;
    link->opening_slot_known = false;
    atomic_store_explicit(&link->opener, channel ? coil_thread_self : NULL, memory_order_relaxed);
    (void)pthread_mutex_unlock(&coil_runtime_lock);
}

/* One attempt with one worker; -EAGAIN: with the next one; -EUNATCH: with one of the program's own. */
static int open_once(struct coil_link *link, struct coil_echo *echo, enum coil_status *ret_status,
                     struct coil_error *error)
{
    COIL_CLEANUP(session_put) struct coil_session *session = NULL;
    struct coil_echo *outer;
    struct coil_channel *channel;
    int r;

    r = session_for(link, &session, ret_status, error);
    if (r < 0)
        return r;
    *ret_status = COIL_E_MEMORY;
    channel = coil_channel_get(session, error);
    if (!channel && error->code == -ETIME)
        return coil_deadline_explain(ret_status, error, "the daemon opened a channel for this thread");
    if (!channel)
        return daemon_is_gone(session, error) ? -EAGAIN : error->code;
    COIL_FAULT("open.channel");
    if (session->is_private && coil_service_start(session, error) < 0)
        return error->code;
    outer = channel->echo;
    channel->echo = echo;
    tell_opener(link, channel);
    r = open_module(link, channel, ret_status, error);
    tell_opener(link, NULL);
    if (r != -ETIME) /* then it is not this thread's any more */
        channel->echo = outer;
    if (r == -EAGAIN || r == -ESRCH)
        coil_channel_lost(channel);
    else if (r == -EUNATCH && is_ours_alone(session))
        coil_channel_leave(channel);
    return r;
}

bool coil_remote_is_opening(const struct coil_link *link)
{
    return coil_thread_self && atomic_load_explicit(&link->opener, memory_order_relaxed) == coil_thread_self;
}

/*
 * Takes the link's lock.  -ETIME: not before the deadline.  1: who has it waits for this thread, directly or through
 * others.  Of threads that would wait for each other the last one sees that, because all look and enter themselves
 * under the runtime lock.
 */
static int lock(struct coil_link *link, struct coil_thread *self)
{
    bool is_circular = false;
    int r;

    (void)pthread_mutex_lock(&coil_runtime_lock);
    for (const struct coil_link *l = link; l && l->holder && !is_circular; l = l->holder->waits_for)
        is_circular = l->holder == self;
    if (!is_circular)
        self->waits_for = link;
    (void)pthread_mutex_unlock(&coil_runtime_lock);
    if (is_circular)
        return 1;
    r = coil_deadline_lock(&link->lock);
    (void)pthread_mutex_lock(&coil_runtime_lock);
    self->waits_for = NULL;
    if (r == 0)
        link->holder = self;
    (void)pthread_mutex_unlock(&coil_runtime_lock);
    return r;
}

static void unlock(struct coil_link *link)
{
    (void)pthread_mutex_lock(&coil_runtime_lock);
    link->holder = NULL;
    (void)pthread_mutex_unlock(&coil_runtime_lock);
    (void)pthread_mutex_unlock(&link->lock);
}

void coil_remote_thread_left(struct coil_thread *thread)
{
    struct coil_link *link;

    do {
        (void)pthread_mutex_lock(&coil_runtime_lock);
        for (link = coil_links; link && link->holder != thread; link = link->next)
            ;
        if (link && atomic_load_explicit(&link->opener, memory_order_relaxed) == thread)
            atomic_store_explicit(&link->opener, NULL, memory_order_relaxed);
        (void)pthread_mutex_unlock(&coil_runtime_lock);
        if (link)
            unlock(link);
    } while (link);
}

bool coil_remote_is_inside_lost(const struct coil_thread *thread)
{
    for (const struct coil_channel *channel = thread->channels; channel; channel = channel->next)
        if (channel->level_count > 0 && !channel->forked &&
            (channel->lost || atomic_load_explicit(&channel->session->gone, memory_order_relaxed)))
            return true;
    return false;
}

int coil_remote_check_inside(enum coil_status *ret_status, struct coil_error *error)
{
    if (!coil_thread_self || !coil_remote_is_inside_lost(coil_thread_self))
        return 0;
    *ret_status = COIL_E_NOT_STARTED;
    return coil_error_set(error, -ESRCH, "the Python worker that this call would be made inside of has died");
}

/* The same, before the daemon is asked for a worker: it has closed the sessions of one that is about to die. */
static int check_inside(enum coil_status *ret_status, struct coil_error *error)
{
    int r = coil_remote_check_inside(ret_status, error);

    for (const struct coil_channel *channel = coil_thread_self->channels; r == 0 && channel; channel = channel->next) {
        if (channel->level_count == 0 || channel->forked || !coil_session_is_cut_off(channel->session))
            continue;
        *ret_status = COIL_E_NOT_STARTED;
        r = coil_error_set(error, -ESRCH,
                           "the session of the call that this one would be made inside of is no longer served");
    }
    return r;
}

int coil_remote_open(struct coil_link *link, enum coil_status *ret_status, struct coil_error *error)
{
    struct coil_thread *self = coil_thread_get();
    struct coil_echo *echo;
    int r = 0;

    *ret_status = COIL_E_MEMORY;
    if (!self)
        return coil_error_set(error, -ENOMEM, "no memory for this thread's state");
    if (coil_remote_is_opening(link))
        return 1;
    r = lock(link, self);
    if (r < 0)
        return coil_deadline_explain(ret_status, error, "another thread of this program opened the module");
    if (r > 0)
        return 1;
    if (atomic_load_explicit(&link->carry, memory_order_acquire) == coil_link_carry_unopened) { /* L */
        r = -EAGAIN;
        echo = coil_echo_new();
        for (int i = 0; i < ATTEMPTS_MAX && (r == -EAGAIN || r == -EUNATCH); i++) {
            r = check_inside(ret_status, error);
            r = r < 0 ? r : open_once(link, echo, ret_status, error);
        }
        coil_echo_free(echo);
    }
    unlock(link);
    return r;
}

/* This thread's channel to a module that another thread is opening, which waits for this one. */
static int join_opener(struct coil_link *link, struct coil_channel **ret_channel, enum coil_status *ret_status,
                       struct coil_error *error)
{
    COIL_CLEANUP(session_put) struct coil_session *session = NULL;

    (void)pthread_mutex_lock(&coil_runtime_lock);
    if (atomic_load_explicit(&link->opener, memory_order_relaxed) && link->opening_slot_known) {
        session = link->opening_channel->session;
        coil_session_ref(session);
    }
    (void)pthread_mutex_unlock(&coil_runtime_lock);
    if (!session) {
        *ret_status = COIL_E_INIT;
        return coil_error_set(error, -EBUSY,
                              "its init code is running in a thread that waits for this one, and has not come to where "
                              "it can be called");
    }
    *ret_status = COIL_E_MEMORY;
    *ret_channel = coil_channel_get(session, error);
    return *ret_channel ? 0 : error->code;
}

int coil_remote_channel(struct coil_link *link, struct coil_channel **ret_channel, enum coil_status *ret_status,
                        struct coil_error *error)
{
    if (coil_remote_is_opening(link)) {
        *ret_channel = link->opening_channel;
        if (link->opening_slot_known)
            return 0;
        *ret_status = COIL_E_INIT;
        return coil_error_set(error, -EBUSY, "its init code is running, and has not come to where it can be called");
    }
    for (int i = 0; i < ATTEMPTS_MAX; i++) {
        COIL_CLEANUP(session_put) struct coil_session *session = NULL;
        int r;

        (void)pthread_mutex_lock(&coil_runtime_lock);
        session = atomic_load_explicit(&link->session, memory_order_relaxed);
        if (session)
            coil_session_ref(session);
        (void)pthread_mutex_unlock(&coil_runtime_lock);

        r = coil_remote_check_inside(ret_status, error); /* now: whoever has changed the link has marked the session */
        if (r < 0)
            return r;
        *ret_status = COIL_E_MEMORY;
        if (session) {
            *ret_channel = coil_channel_get(session, error);
            if (*ret_channel)
                return 0;
            if (error->code == -ETIME)
                return coil_deadline_explain(ret_status, error, "the daemon opened a channel for this thread");
            if (!daemon_is_gone(session, error))
                return error->code;
            continue;
        }
        r = coil_remote_open(link, ret_status, error);
        if (r != 0)
            return r < 0 ? r : join_opener(link, ret_channel, ret_status, error);
        if (atomic_load_explicit(&link->carry, memory_order_acquire) == coil_link_carry_failed) { /* L */
            *ret_status = COIL_E_INIT;
            *error = link->failure;
            return error->code;
        }
    }
    *ret_status = COIL_E_NOT_STARTED;
    return coil_error_set(error, -ESRCH,
                          "%d Python workers died one after the other before the call began; the daemon's log (coilctl "
                          "status names it) says how",
                          ATTEMPTS_MAX);
}

/* A thread that is cancelled here would leave with locks held. */
int coil_remote_find_slowly(struct coil_link *link, struct coil_channel **ret_channel, enum coil_status *ret_status,
                            struct coil_error *error)
{
    int cancel;
    int r;

    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    r = coil_remote_channel(link, ret_channel, ret_status, error);
    while (r == 0 && coil_unsent_can_go(coil_thread_self)) {
        r = coil_unsent_send(coil_thread_self) < 0
                ? coil_deadline_explain(ret_status, error, "one-way calls were sent that come first")
                : coil_remote_channel(link, ret_channel, ret_status, error);
    }
    (void)pthread_setcancelstate(cancel, NULL);
    return r;
}
