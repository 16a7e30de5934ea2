/*
 * A session: this process attached to one worker.
 *
 * It has the window's mappings and a share in its worker's heap, the socket to the supervisor and the worker's
 * pidfd.  References are held by the links whose modules are open in it and by the
 * channels that threads own, so a dead worker's memory stays mapped until the last
 * call that used it has returned.
 */
#include "client/remote/remote.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "proto/cleanup.h"
#include "proto/clock.h"
#include "proto/fault.h"
#include "proto/poll.h"

#define LOST_AFTER_MS 3000 /* the worker notices within milliseconds, and tells its channels; or dies */

struct coil_session *coil_sessions;

struct coil_own_fd coil_own_fd_of(int fd)
{
    struct stat status = { 0 };

    (void)fstat(fd, &status);
    return (struct coil_own_fd){ fd, status.st_dev, status.st_ino };
}

bool coil_own_fd_check(const struct coil_own_fd *own_fd)
{
    struct stat status;

    return fstat(own_fd->fd, &status) == 0 && status.st_dev == own_fd->device && status.st_ino == own_fd->inode;
}

/* Before Linux 6.9 all pidfds, eventfds and epoll sets have one inode; only their names differ. */
static bool is_own_pidfd(const struct coil_own_fd *own_fd)
{
    char path[40], name[64];
    ssize_t size;

    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", own_fd->fd);
    size = readlink(path, name, sizeof name - 1);
    name[size > 0 ? size : 0] = '\0';
    return coil_own_fd_check(own_fd) && (size <= 0 || strstr(name, "pidfd"));
}

static int map_at(uint64_t at, size_t size, int protection, int fd, struct coil_error *error)
{
    void *wanted = (void *)(uintptr_t)at;
    void *got = mmap(wanted, size, protection, MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE, fd, 0);

    if (got == wanted) {
        (void)madvise(got, size, MADV_DONTDUMP);
        return 0;
    }
    if (got != MAP_FAILED) { /* a kernel that does not know the flag took it for a hint */
        (void)munmap(got, size);
        errno = EEXIST;
    }
    return coil_error_set(error, -errno, "the memory shared with Python cannot be mapped at %p: %s%s", wanted,
                          strerror(errno), errno == EEXIST ? " (the program uses this address itself)" : "");
}

static void unmap(uint64_t base)
{
    (void)munmap((void *)(uintptr_t)(base + COIL_REQUESTS_OFFSET), COIL_REQUESTS_SIZE);
    (void)munmap((void *)(uintptr_t)(base + COIL_REPLIES_OFFSET), COIL_REPLIES_SIZE);
    (void)munmap((void *)(uintptr_t)(base + COIL_STAGING_OFFSET), COIL_STAGING_SIZE);
}

static int map(uint64_t base, const int fds[3], struct coil_error *error)
{
    int r;

    if (!coil_window_is_valid(base))
        return coil_error_set(error, -EPROTO, "the daemon named an address outside of coil's range");
    r = map_at(base + COIL_REQUESTS_OFFSET, COIL_REQUESTS_SIZE, PROT_READ | PROT_WRITE, fds[0], error);
    if (r < 0)
        return r;
    r = map_at(base + COIL_REPLIES_OFFSET, COIL_REPLIES_SIZE, PROT_READ, fds[1], error);
    if (r < 0) {
        (void)munmap((void *)(uintptr_t)(base + COIL_REQUESTS_OFFSET), COIL_REQUESTS_SIZE);
        return r;
    }
    r = map_at(base + COIL_STAGING_OFFSET, COIL_STAGING_SIZE, PROT_READ | PROT_WRITE, fds[2], error);
    if (r < 0) {
        (void)munmap((void *)(uintptr_t)(base + COIL_REQUESTS_OFFSET), COIL_REQUESTS_SIZE);
        (void)munmap((void *)(uintptr_t)(base + COIL_REPLIES_OFFSET), COIL_REPLIES_SIZE);
    }
    return r;
}

int coil_session_new(const struct coil_message *attached, int fds[5], struct coil_wire *wire,
                     struct coil_session **ret_session, struct coil_error *error)
{
    COIL_CLEANUP(coil_memory_free) struct coil_session *session = calloc(1, sizeof *session);
    int r;

    if (!session)
        return coil_error_set(error, -ENOMEM, "no memory for a session");
    r = map(attached->base, fds, error);
    if (r < 0)
        return r;
    COIL_FAULT("session.mapped");
    session->number = attached->session;
    session->base = attached->base;
    session->heap_base = attached->heap;
    session->check = coil_environment_check();
    atomic_init(&session->max_call_ms, coil_deadline_of(attached->max_call_ms));
    session->worker = (pid_t)attached->pid;
    session->pidfd = coil_own_fd_of(fds[3]);
    session->socket = coil_own_fd_of(coil_wire_fd(wire));
    session->wire = wire;
    (void)pthread_mutex_init(&session->lock, NULL);
    session->free_channels = coil_channel_new(session, session->channel_count++); /* it comes with the session */
    if (!session->free_channels) {
        unmap(session->base);
        return coil_error_set(error, -ENOMEM, "no memory for a channel");
    }
    (void)pthread_mutex_lock(&coil_runtime_lock);
    r = coil_functions_new(session, error);
    COIL_FAULT("session.functions");
    if (r == 0)
        r = coil_heap_get(attached->heap, &fds[4], &session->heap, error);
    if (r == 0) {
        session->next = coil_sessions;
        coil_sessions = session;
    }
    (void)pthread_mutex_unlock(&coil_runtime_lock);
    COIL_FAULT("session.heap");
    if (r < 0) {
        coil_functions_free(session->functions);
        coil_channel_free(session->free_channels);
        unmap(session->base);
        return r;
    }
    *ret_session = coil_steal_memory(&session);
    return 0;
}

/* Gives back all but the structure. */
static void let_go(struct coil_session *session)
{
    unmap(session->base);
    COIL_FAULT("session.unmapped");
    (void)coil_wire_release(session->wire);
    session->wire = NULL;
    if (coil_own_fd_check(&session->socket))
        coil_fd_close(&session->socket.fd);
    if (is_own_pidfd(&session->pidfd))
        coil_fd_close(&session->pidfd.fd);
    while (session->free_channels) {
        struct coil_channel *channel = session->free_channels;

        session->free_channels = channel->next;
        coil_channel_free(channel);
    }
    coil_functions_free(session->functions);
    free(session->large);
    session->large = NULL;
    session->large_count = 0;
    free(session->regions);
    session->regions = NULL;
    session->region_count = 0;
}

void coil_session_drop(struct coil_session *session)
{
    if (session->wire)
        let_go(session);
    free(session);
}

void coil_session_ref(struct coil_session *session)
{
    session->references++;
}

void coil_session_unref(struct coil_session *session)
{
    struct coil_session **at = &coil_sessions;

    if (--session->references > 0)
        return;
    while (*at && *at != session)
        at = &(*at)->next;
    if (*at)
        *at = session->next;
    coil_heap_put(session->heap);
    (void)pthread_mutex_destroy(&session->lock);
    coil_session_drop(session);
}

bool coil_session_is_dead(struct coil_session *session)
{
    int found = coil_poll(session->pidfd.fd, POLLIN, 0);

    if (found < 0 || !(found & POLLIN) || !is_own_pidfd(&session->pidfd))
        return false;
    atomic_store_explicit(&session->gone, true, memory_order_relaxed);
    return true;
}

bool coil_session_is_cut_off(struct coil_session *session)
{
    int found;

    if (atomic_load_explicit(&session->gone, memory_order_relaxed) || coil_session_is_dead(session))
        return true;
    if (!coil_own_fd_check(&session->socket) || !is_own_pidfd(&session->pidfd))
        return true;
    found = coil_poll(session->socket.fd, POLLRDHUP, 0);
    return found > 0 && found & (POLLRDHUP | POLLHUP | POLLERR);
}

bool coil_session_is_lost(struct coil_session *session)
{
    int64_t since = atomic_load_explicit(&session->cut_off_ms, memory_order_relaxed);

    if (!coil_session_is_cut_off(session))
        return false;
    if (since == 0)
        atomic_store_explicit(&session->cut_off_ms, coil_clock_ms(), memory_order_relaxed);
    return since != 0 && coil_clock_ms() - since >= LOST_AFTER_MS;
}

/* Keeps the error values that the worker has published so far. */
static void keep_error_values(struct coil_link *link, const struct coil_session *session)
{
    if (link->error_values_at <= COIL_ERROR_VALUES_SIZE - link->error_values_size &&
        link->error_values_size <= COIL_ERROR_VALUES_SIZE)
        memcpy(link->error_values,
               coil_session_at(session, COIL_REPLIES_OFFSET + COIL_REPLIES_ERROR_VALUES + link->error_values_at),
               link->error_values_size);
}

void coil_session_keep_error_values(struct coil_link *link)
{
    struct coil_session *session;

    (void)pthread_mutex_lock(&coil_runtime_lock);
    session = atomic_load_explicit(&link->session, memory_order_relaxed);
    if (session)
        keep_error_values(link, session);
    (void)pthread_mutex_unlock(&coil_runtime_lock);
}

void coil_session_retire(struct coil_session *session)
{
    atomic_store_explicit(&session->gone, true, memory_order_relaxed);
    (void)pthread_mutex_lock(&coil_runtime_lock);
    for (struct coil_link *link = coil_links; link; link = link->next) {
        if (atomic_load_explicit(&link->session, memory_order_relaxed) != session)
            continue;
        keep_error_values(link, session);
        atomic_store_explicit(&link->carry, coil_link_carry_unopened, memory_order_release); /* L */
        atomic_store_explicit(&link->session, NULL, memory_order_relaxed);
        coil_session_unref(session); /* the caller has another reference */
    }
    (void)pthread_mutex_unlock(&coil_runtime_lock);
}

/* This thread is in calls through the session: they fail when it comes back to them, and until then need the structure.
 */
static void outlive(struct coil_session *session, unsigned channels)
{
    let_go(session);
    session->references = channels;
    session->heap = NULL;
    session->pidfd.fd = session->socket.fd = -1;
    atomic_store_explicit(&session->gone, true, memory_order_relaxed);
    (void)pthread_mutex_init(&session->lock, NULL); /* another thread of the parent may hold it */
}

/* Other threads' structures are gone with their threads; what they owned is unmapped with the sessions. */
static void forget_channels(struct coil_thread *self)
{
    struct coil_channel **at = &self->channels;

    self->channel = NULL;
    coil_unsent_forget(self, NULL);
    while (*at) {
        struct coil_channel *channel = *at;

        if (channel->level_count > 0) {
            channel->forked = true;
            channel->oneway_pending = false; /* the parent's */
            at = &channel->next;
        } else {
            *at = channel->next;
            coil_channel_free(channel);
        }
    }
}

/* How many calls of this thread, the child's only one, wait for the session's worker. */
static unsigned count_open(const struct coil_session *session)
{
    unsigned count = 0;

    for (const struct coil_channel *c = coil_thread_self ? coil_thread_self->channels : NULL; c; c = c->next)
        count += c->session == session;
    return count;
}

void coil_remote_forget(void)
{
    if (coil_thread_self)
        forget_channels(coil_thread_self);
    for (struct coil_link *link = coil_links; link; link = link->next) {
        struct coil_session *session = atomic_load_explicit(&link->session, memory_order_relaxed);

        if (!session)
            continue;
        keep_error_values(link, session);
        atomic_store_explicit(&link->session, NULL, memory_order_relaxed);
        atomic_store_explicit(&link->carry, coil_link_carry_unopened, memory_order_release); /* L */
    }
    coil_service_forget();
    coil_heaps_forget();
    coil_callbacks_forget();
    while (coil_sessions) {
        struct coil_session *session = coil_sessions;
        unsigned open = count_open(session);

        coil_sessions = session->next;
        if (open)
            outlive(session, open);
        else
            coil_session_drop(session);
    }
}
