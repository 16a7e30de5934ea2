/*
 * Sessions: what one client process has in this worker.
 *
 * The link's thread opens and closes them; channels use the one they belong
 * to.  Closing takes as long as the slowest handler: the session is marked, its
 * idle channels are woken until they have seen the mark, and when the last
 * one has left, the memory is covered.  The structure stays for as long as Python refers to it as a program.
 *
 * Locks: sessions_lock guards the list against the host's error values, which
 * may come from any Python thread; each session's own lock guards its table of modules.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/worker/worker.h"
#include "proto/cleanup.h"
#include "proto/clock.h"
#include "proto/fault.h"
#include "proto/populate.h"

#define DRAIN_MS 5000 /* for the one-way calls that a program has left behind */
#define GRACE_MS 20 /* for handlers that end by themselves, before they are told to */

static pthread_mutex_t sessions_lock = PTHREAD_MUTEX_INITIALIZER;
static struct coil_session *sessions;
static _Atomic bool all_given; /* see coil_session.given */

static struct coil_session *session_find(uint64_t number)
{
    for (struct coil_session *s = sessions; s; s = s->next)
        if (s->number == number)
            return s;
    return NULL;
}

int coil_session_open(const struct coil_message *message, const int fds[4], struct coil_error *error)
{
    COIL_CLEANUP(coil_memory_free) struct coil_session *session = calloc(1, sizeof *session);
    int r;

    if (!session)
        return coil_error_set(error, -ENOMEM, "no memory for a session");
    if (session_find(message->session))
        return coil_error_set(error, -EEXIST, "session %llu is open already", (unsigned long long)message->session);
    session->base = message->base;
    r = coil_memory_map(message->base, fds[0], fds[1], coil_worker_is_system ? -1 : fds[2], error);
    if (r < 0)
        return r;
    COIL_FAULT("session.mapped");
    r = coil_functions_session_open(message->base, error);
    if (r == 0 && coil_worker_is_system)
        r = coil_mirror_open(session, fds[2], fds[3], error);
    if (r < 0) {
        coil_memory_unmap(message->base, false);
        return r;
    }
    /* A private one is never freed: Python may use the one program there is at any time without counting it. */
    atomic_init(&session->references, coil_worker_is_private ? 2 : 1);
    session->service_expected = coil_worker_is_private; /* its program starts that thread by itself */
    session->number = message->session;
    session->peer = (struct coil_host_peer){ .pid = message->pid, .uid = message->uid, .gid = message->gid };
    (void)pthread_mutex_init(&session->lock, NULL);
    (void)pthread_mutex_init(&session->service_lock, NULL);
    (void)pthread_cond_init(&session->service_changed, NULL);

    (void)pthread_mutex_lock(&sessions_lock);
    session->next = sessions;
    sessions = session;
    (void)pthread_mutex_unlock(&sessions_lock);
    coil_functions_session_tell(coil_steal_memory(&session)); /* now, so that nothing said meanwhile is missed */
    COIL_FAULT("session.opened");
    return 0;
}

struct coil_host_program *coil_sessions_private(void)
{
    struct coil_session *session;

    if (!coil_worker_is_private)
        return NULL;
    (void)pthread_mutex_lock(&sessions_lock);
    for (session = sessions; session; session = session->next)
        if (!atomic_load_explicit(&session->closing, memory_order_relaxed))
            break;
    (void)pthread_mutex_unlock(&sessions_lock);
    return session ? coil_session_program(session) : NULL;
}

int coil_session_channel(uint64_t number, uint64_t index, struct coil_error *error)
{
    struct coil_session *session = session_find(number);
    struct coil_channel *channel;
    int r;

    if (!session || session->close_request)
        return coil_error_set(error, -ENOENT, "session %llu is not open", (unsigned long long)number);
    if (index >= COIL_CHANNELS_MAX)
        return coil_error_set(error, -ENOSPC, "a program has at most %u channels", COIL_CHANNELS_MAX);
    for (channel = session->channels; channel; channel = channel->next)
        if (channel->index == index)
            return 0; /* the program has not been able to take the answer, and asks again */
    r = coil_channel_start(session, (uint32_t)index, &channel, error);
    if (r < 0)
        return r;
    (void)pthread_mutex_lock(&sessions_lock); /* others may be looking */
    channel->next = session->channels;
    session->channels = channel;
    (void)pthread_mutex_unlock(&sessions_lock);
    return 0;
}

/* Has any session something between these addresses? */
static bool is_taken(uint64_t base, uint64_t size)
{
    for (const struct coil_session *s = sessions; s; s = s->next)
        for (unsigned i = 0; i < atomic_load_explicit(&s->region_count, memory_order_relaxed); i++)
            if (base < s->regions[i].base + s->regions[i].size && s->regions[i].base < base + size)
                return true;
    return false;
}

int coil_session_region(uint64_t number, uint64_t base, uint64_t size, int fd, struct coil_error *error)
{
    struct coil_session *session = session_find(number);
    unsigned count;
    int r;

    if (!session || session->close_request)
        return coil_error_set(error, -ENOENT, "session %llu is not open", (unsigned long long)number);
    if (session->mirror)
        return coil_error_set(error, -ENOSPC, "memory of programs is copied here, and not shared");
    count = atomic_load_explicit(&session->region_count, memory_order_relaxed); /* this thread alone adds */
    if (count == COIL_SESSION_REGIONS_MAX)
        return coil_error_set(error, -ENOSPC, "a program shares at most %u regions of its memory",
                              COIL_SESSION_REGIONS_MAX);
    if (!coil_region_is_valid(base, size))
        return coil_error_set(error, -EINVAL, "a program's memory would lie outside of its range");
    if (is_taken(base, size))
        return coil_error_set(error, -EADDRINUSE, "another program of this worker has its memory at this address");
    r = coil_memory_map_region(base, size, fd, error);
    if (r < 0)
        return r;
    COIL_FAULT("region.mapped");
    session->regions[count] = (struct coil_session_region){ base, size };
    atomic_store_explicit(&session->region_count, count + 1, memory_order_release); /* G */
    return 0;
}

uint64_t coil_session_region_room(const struct coil_session *session, uint64_t address)
{
    unsigned count = atomic_load_explicit(&session->region_count, memory_order_acquire); /* G */

    for (unsigned i = 0; i < count; i++)
        if (address - session->regions[i].base < session->regions[i].size)
            return session->regions[i].base + session->regions[i].size - address;
    return 0;
}

/* The program has gone, or is needed no longer. */
static void close_channels(struct coil_session *session)
{
    atomic_store_explicit(&session->drain_until_ms, coil_clock_ms() + DRAIN_MS, memory_order_relaxed);
    atomic_store_explicit(&session->closing, true, memory_order_relaxed);
    coil_service_wake(session);
}

int coil_session_drain(uint64_t number, uint64_t request, struct coil_error *error)
{
    struct coil_session *session = session_find(number);

    if (!session || session->close_request)
        return coil_error_set(error, -ENOENT, "session %llu is not open", (unsigned long long)number);
    coil_move_cancel(session);
    session->close_request = request;
    atomic_store_explicit(&session->standing, COIL_SESSION_LEAVES, memory_order_relaxed);
    return 0;
}

int coil_session_move(uint64_t number, uint64_t request, struct coil_error *error)
{
    struct coil_session *session = session_find(number);

    if (!session || session->close_request || session->move_request)
        return coil_error_set(error, -ENOENT, "session %llu is not open", (unsigned long long)number);
    return coil_move_begin(session, request, error);
}

int coil_session_close(uint64_t number, uint64_t request, struct coil_error *error)
{
    struct coil_session *session = session_find(number);

    if (!session || atomic_load_explicit(&session->closing, memory_order_relaxed))
        return coil_error_set(error, -ENOENT, "session %llu is not open", (unsigned long long)number);
    coil_move_cancel(session);
    session->close_request = request;
    COIL_FAULT("session.closing");
    close_channels(session);
    return 0;
}

/* All its channels have ended. */
static void session_end(struct coil_session *session)
{
    while (session->channels) {
        struct coil_channel *channel = session->channels;

        session->channels = channel->next;
        (void)pthread_join(channel->thread, NULL);
        free(channel);
    }
    COIL_FAULT("session.ended");
    coil_mirror_close(session);
    coil_memory_unmap(session->base, coil_functions_session_close(session));
    for (unsigned i = atomic_exchange_explicit(&session->region_count, 0, memory_order_relaxed); i > 0; i--)
        coil_memory_unmap_region(session->regions[i - 1].base, session->regions[i - 1].size);
    coil_program_unref((struct coil_host_program *)(void *)session);
}

/* Is this the channel that runs no calls of its own, but answers while others do? */
static bool is_service(struct coil_session *session, const struct coil_channel *channel)
{
    bool is;

    (void)pthread_mutex_lock(&session->lock);
    is = session->service == channel;
    (void)pthread_mutex_unlock(&session->lock);
    return is;
}

/* For longer than handlers need that are about to end anyway? */
static bool has_been_closing(const struct coil_session *session)
{
    return atomic_load_explicit(&session->closing, memory_order_relaxed) &&
           coil_clock_ms() >=
               atomic_load_explicit(&session->drain_until_ms, memory_order_relaxed) - DRAIN_MS + GRACE_MS;
}

/* Wakes the channels of a closing session; true when all have ended. */
static bool session_has_ended(struct coil_session *session)
{
    bool ended = true, is_used = false;

    for (struct coil_channel *c = session->channels; c; c = c->next) {
        if (atomic_load_explicit(&c->ended, memory_order_acquire)) /* E */
            continue;
        ended = false;
        is_used = is_used || !is_service(session, c);
        coil_channel_wake(c);
    }
    if (is_used && has_been_closing(session) && !session->is_given_up) {
        session->is_given_up = true;
        coil_late_look(false);
    }
    /* Drained: the program is needed no longer. */
    if (!ended && !is_used && !atomic_load_explicit(&session->closing, memory_order_relaxed))
        close_channels(session);
    return ended;
}

bool coil_sessions_reap(uint64_t *ret_request, bool *ret_closing)
{
    struct coil_session *ended = NULL;

    *ret_closing = false;
    (void)pthread_mutex_lock(&sessions_lock);
    for (struct coil_session **at = &sessions; *at && !ended; at = &(*at)->next) {
        if ((*at)->move_request && coil_move_look(*at))
            *ret_closing = true;
        if (!(*at)->close_request)
            continue;
        *ret_closing = true;
        if (session_has_ended(*at) && coil_farewell_is_over(*at)) {
            ended = *at;
            *at = ended->next;
            break;
        }
    }
    (void)pthread_mutex_unlock(&sessions_lock);
    if (!ended)
        return false;
    *ret_request = ended->close_request;
    session_end(ended);
    return true;
}

bool coil_sessions_look(bool (*look)(struct coil_channel *channel, int64_t now_ms), int64_t now_ms)
{
    bool found = false;

    (void)pthread_mutex_lock(&sessions_lock);
    for (const struct coil_session *s = sessions; s; s = s->next)
        for (struct coil_channel *c = s->channels; c; c = c->next)
            if (!atomic_load_explicit(&c->ended, memory_order_acquire) && look(c, now_ms)) /* E */
                found = true;
    (void)pthread_mutex_unlock(&sessions_lock);
    return found;
}

static unsigned char *error_values(const struct coil_session *session)
{
    return (unsigned char *)(uintptr_t)(session->base + COIL_REPLIES_OFFSET + COIL_REPLIES_ERROR_VALUES);
}

/* Room for the module's error values; COIL_ERROR_VALUES_SIZE: there is none. */
static uint32_t session_reserve(struct coil_session *session, struct coil_worker_module *module, bool *ret_new)
{
    void *grown;

    *ret_new = false;
    for (size_t i = 0; i < session->module_count; i++)
        if (session->modules[i].module == module)
            return session->modules[i].offset;
    if (module->error_values_size > COIL_ERROR_VALUES_SIZE - session->error_values_used ||
        coil_populate(error_values(session) + session->error_values_used, module->error_values_size) < 0)
        return COIL_ERROR_VALUES_SIZE;
    grown = realloc(session->modules, (session->module_count + 1) * sizeof *session->modules);
    if (!grown)
        return COIL_ERROR_VALUES_SIZE;
    session->modules = grown;
    session->modules[session->module_count].module = module;
    session->modules[session->module_count].offset = session->error_values_used;
    session->error_values_used += module->error_values_size;
    *ret_new = true;
    return session->modules[session->module_count++].offset;
}

uint32_t coil_session_publish(struct coil_session *session, struct coil_worker_module *module)
{
    struct coil_host_module *host = atomic_load_explicit(&module->host, memory_order_acquire); /* O */
    uint32_t offset;
    bool fresh;

    /* With the GIL, so that no def_extern comes between reserving and filling. */
    (void)pthread_mutex_lock(&session->lock);
    offset = session_reserve(session, module, &fresh);
    (void)pthread_mutex_unlock(&session->lock);
    if (fresh)
        for (uint32_t i = 0; i < module->image->functions.count; i++)
            coil_worker_host->error_value_get(host, i, error_values(session) + offset + module->error_values[i]);
    return offset;
}

void coil_sessions_error_value(struct coil_host_module *host, unsigned function, const void *value, size_t size)
{
    struct coil_worker_module *module = coil_modules_of(host);

    if (!module)
        return; /* its init code runs for the first time: coil_session_publish() comes after it */
    (void)pthread_mutex_lock(&sessions_lock);
    for (struct coil_session *s = sessions; s; s = s->next) {
        (void)pthread_mutex_lock(&s->lock);
        for (size_t i = 0; i < s->module_count; i++)
            if (s->modules[i].module == module)
                memcpy(error_values(s) + s->modules[i].offset + module->error_values[function], value, size);
        (void)pthread_mutex_unlock(&s->lock);
    }
    (void)pthread_mutex_unlock(&sessions_lock);
}

void coil_sessions_given(void)
{
    if (!atomic_load_explicit(&all_given, memory_order_relaxed))
        atomic_store_explicit(&all_given, true, memory_order_relaxed);
}

bool coil_session_is_given(const struct coil_session *session)
{
    return atomic_load_explicit(&session->given, memory_order_relaxed) ||
           atomic_load_explicit(&all_given, memory_order_relaxed);
}

struct coil_session *coil_session_hold(uint64_t base)
{
    struct coil_session *session;

    (void)pthread_mutex_lock(&sessions_lock);
    for (session = sessions; session; session = session->next)
        if (session->base == base)
            break;
    if (session)
        (void)coil_program_ref((struct coil_host_program *)(void *)session);
    (void)pthread_mutex_unlock(&sessions_lock);
    return session;
}

void coil_sessions_function(uint32_t index, uint64_t entry)
{
    (void)pthread_mutex_lock(&sessions_lock);
    for (struct coil_session *s = sessions; s; s = s->next)
        coil_functions_tell(s, index, entry);
    (void)pthread_mutex_unlock(&sessions_lock);
}
