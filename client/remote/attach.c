/*
 * The conversation with the daemon that makes a session.
 *
 *     attach            ->           who we are and which module
 *                       <-           send_descriptor, if it has not seen this hash yet
 *     descriptor        ->
 *                       <-           attached (fds), or failed
 *
 * The daemon is trusted with the program's calls, so it is checked first (proto/dial.h).  There may be two: the system's
 * is asked first, and serves modules that are registered with it; all others are for the user's own, or for the one at
 * COIL_SOCKET, which is started if it is not there.
 */
#include <sys/random.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/remote/remote.h"
#include "proto/cleanup.h"
#include "proto/dial.h"
#include "proto/fault.h"
#include "proto/socket_path.h"
#include "proto/version.h"

#define ANSWER_TIMEOUT_MS 70000 /* longer than the daemon waits for a worker to start Python */
#define WINDOW_ATTEMPTS 4       /* windows tried when the program uses the address itself */

/* Where a daemon is that is not the system's. */
struct own_place {
    char path[COIL_SOCKET_PATH_MAX]; /* "": not found yet */
    bool is_named;                   /* COIL_SOCKET says so */
};

/* Found once: the program may leave its folder.  With the attach lock. */
static int find_own(const struct own_place **ret_place, struct coil_error *error)
{
    static struct own_place place;
    bool private_folder;
    int r = 0;

    if (!*place.path) {
        r = coil_socket_path(place.path, sizeof place.path, &private_folder, error);
        if (r < 0)
            *place.path = '\0';
        else
            place.is_named = !private_folder;
    }
    *ret_place = &place;
    return r;
}

bool coil_attach_may_be_systems(void)
{
    const struct own_place *place;

    return find_own(&place, NULL) < 0 || !place->is_named;
}

/* The system daemon, if there is one that this program can reach.  -ENODEV: there is not. */
static int dial_systems(int *ret_fd, struct ucred *ret_peer, struct coil_error *error)
{
    int r = coil_dial(COIL_SOCKET_PATH_SYSTEM, true, ret_fd, ret_peer, error);

    if (r != -ENOENT && r != -ECONNREFUSED && r != -EACCES)
        return r;
    return coil_error_set(error, -ENODEV, "no daemon listens at %s", COIL_SOCKET_PATH_SYSTEM);
}

/* The user's own, or the named one.  It is started if it is not there. */
static int dial_own(int *ret_fd, struct ucred *ret_peer, enum coil_status *ret_status, struct coil_error *error)
{
    const char *disowned = coil_environment_disowned();
    const struct own_place *place;
    int r = find_own(&place, error);

    if (r < 0)
        return r;
    if (disowned && !place->is_named)
        return coil_error_set(error, -EPERM,
                              "no daemon that serves the module listens at " COIL_SOCKET_PATH_SYSTEM
                              ", and %s uses no other: enable coild.socket and register the module (coil-stubgen "
                              "--register)",
                              disowned);
    r = coil_dial(place->path, place->is_named, ret_fd, ret_peer, error);
    if (r == -ENOENT || r == -ECONNREFUSED) {
        r = coil_autostart(place->path, error);
        if (r == -ETIME)
            return coil_deadline_explain(ret_status, error, "the daemon started, which goes on");
        if (r < 0)
            return r;
        r = coil_dial(place->path, place->is_named, ret_fd, ret_peer, error);
    }
    if (r == -EACCES)
        *ret_status = COIL_E_REFUSED;
    return r;
}

/* A connection to a daemon.  *ret_is_foreign: it is another user's. */
static int connect_daemon(bool is_systems, struct coil_wire **ret_wire, bool *ret_is_foreign,
                          enum coil_status *ret_status, struct coil_error *error)
{
    COIL_CLEANUP(coil_fd_close) int fd = -1;
    struct ucred peer;
    int r;

    *ret_status = COIL_E_NO_DAEMON;
    r = is_systems ? dial_systems(&fd, &peer, error) : dial_own(&fd, &peer, ret_status, error);
    if (r < 0)
        return r;
    *ret_is_foreign = peer.uid != geteuid();
    *ret_status = COIL_E_MEMORY;
    r = coil_wire_new(coil_steal_fd(&fd), ret_wire);
    return r < 0 ? coil_error_set(error, r, "no memory for a connection") : 0;
}

static enum coil_status status_of_refusal(uint64_t code)
{
    switch (code) {
    case COIL_REFUSED_VERSION:
    case COIL_REFUSED_CONFLICT:
    case COIL_REFUSED_OTHER_BUILD:
        return COIL_E_MISMATCH;
    case COIL_REFUSED_NO_PYTHON:
        return COIL_E_NO_PYTHON;
    case COIL_REFUSED_LIMIT:
        return COIL_E_MEMORY;
    case COIL_REFUSED_PROTOCOL:
        return COIL_E_PROTOCOL;
    case COIL_REFUSED_DIED:
        return COIL_E_NOT_STARTED;
    default:
        return COIL_E_REFUSED;
    }
}

/* -EEXIST: another worker may do; -ENODEV: another daemon. */
static int errno_of_refusal(uint64_t code)
{
    switch (code) {
    case COIL_REFUSED_CONFLICT:
        return -EEXIST;
    case COIL_REFUSED_UNREGISTERED:
    case COIL_REFUSED_OTHER_BUILD:
    case COIL_REFUSED_VERSION:
        return -ENODEV;
    default:
        return -EACCES;
    }
}

/*
 * Sends a request that names the link's module, and the descriptor when the daemon
 * asks for it.  0: the answer is of the type `wanted`.  -EEXIST, -ENODEV: see above.
 */
static int ask(struct coil_wire *wire, const struct coil_message *request, enum coil_message_type wanted,
               const struct coil_link *link, struct coil_wire_message *ret_reply, enum coil_status *ret_status,
               struct coil_error *error)
{
    int r;

    *ret_status = COIL_E_NO_DAEMON;
    r = coil_wire_call(wire, request, NULL, ret_reply, coil_deadline_cut(ANSWER_TIMEOUT_MS), error);
    if (r == 0 && ret_reply->message.type == COIL_MESSAGE_SEND_DESCRIPTOR) {
        struct coil_message descriptor = { .type = COIL_MESSAGE_DESCRIPTOR,
                                           .request = request->request,
                                           .descriptor = { link->image, link->image->size } };

        memcpy(descriptor.hash, link->hash, COIL_HASH_SIZE);
        coil_wire_message_deinit(ret_reply);
        r = coil_wire_call(wire, &descriptor, NULL, ret_reply, coil_deadline_cut(ANSWER_TIMEOUT_MS), error);
    }
    if (r == -ETIMEDOUT && coil_deadline_has_passed())
        return coil_deadline_explain(ret_status, error, "the Python worker started, which goes on");
    if (r < 0) {
        if (r == -EBADMSG)
            *ret_status = COIL_E_PROTOCOL;
        coil_error_prepend(error, r == -EBADMSG ? "the daemon's answer" : "the daemon did not answer");
        return r;
    }
    if (ret_reply->message.type == wanted)
        return 0;
    if (ret_reply->message.type == COIL_MESSAGE_FAILED) {
        *ret_status = status_of_refusal(ret_reply->message.code);
        return coil_error_set(error, errno_of_refusal(ret_reply->message.code), "%s", ret_reply->message.text);
    }
    *ret_status = COIL_E_PROTOCOL;
    return coil_error_set(error, -EPROTO, "the daemon answered with '%s', which makes no sense here",
                          coil_message_name(ret_reply->message.type));
}

/* One connection, one window.  -EADDRINUSE: the program uses the window's address; another one may do. */
static int attach_once(const struct coil_link *link, bool is_systems, const struct coil_environment *environment,
                       uint64_t private_to, struct coil_session **ret_session, enum coil_status *ret_status,
                       struct coil_error *error)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = NULL;
    COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message reply = COIL_WIRE_MESSAGE_INIT;
    static const char *const none[] = { NULL }; /* another user's daemon goes by none of it, so it is not told */
    struct coil_message request = { .type = COIL_MESSAGE_ATTACH,
                                    .request = 1,
                                    .protocol = COIL_PROTOCOL,
                                    .version = COIL_VERSION,
                                    .python = "",
                                    .environment = none,
                                    .cwd = "",
                                    .private_to = private_to,
                                    .name = coil_image_name(link->image) };
    bool is_foreign = false;
    int r;

    r = connect_daemon(is_systems, &wire, &is_foreign, ret_status, error);
    if (r < 0)
        return r;
    COIL_FAULT("attach.connected");
    if (!is_systems && !is_foreign) {
        request.python = environment->python;
        request.environment = (const char *const *)environment->variables;
        request.cwd = environment->cwd;
    }
    memcpy(request.hash, link->hash, COIL_HASH_SIZE);
    r = ask(wire, &request, COIL_MESSAGE_ATTACHED, link, &reply, ret_status, error);
    if (r < 0)
        return r;
    *ret_status = COIL_E_MEMORY;
    r = coil_session_new(&reply.message, reply.fds, wire, ret_session, error);
    if (r < 0)
        return r == -EEXIST ? -EADDRINUSE : r;
    (*ret_session)->requests = request.request;
    (*ret_session)->is_private = private_to != 0;
    (*ret_session)->is_systems = is_systems;
    wire = NULL;
    reply.fds[3] = -1; /* the session's now */
    COIL_FAULT("attach.attached");
    return 0;
}

/*
 * The number by which a private worker is this program's: drawn by each process, so that a forked child has another,
 * and so has a program that another one has become by exec.  With the attach lock.  -EIO with words.
 */
static int draw_number(uint64_t *ret_number, struct coil_error *error)
{
    static uint64_t number;
    static pid_t owner;

    while (owner != getpid() || number == 0) {
        if (getrandom(&number, sizeof number, 0) != sizeof number)
            return coil_error_set(error, -EIO, "cannot draw a number for a private Python: %s", strerror(errno));
        owner = getpid();
    }
    *ret_number = number;
    return 0;
}

int coil_attach(const struct coil_link *link, bool is_systems, bool is_private, struct coil_session **ret_session,
                enum coil_status *ret_status, struct coil_error *error)
{
    COIL_CLEANUP(coil_environment_deinit) struct coil_environment environment = { 0 };
    COIL_CLEANUP(coil_standard_fds_release) struct coil_standard_fds standard;
    uint64_t private_to = 0;
    int r;

    coil_standard_fds_hold(&standard);
    *ret_status = COIL_E_NO_PYTHON;
    r = is_private ? draw_number(&private_to, error) : 0;
    if (r == 0 && !is_systems)
        r = coil_environment_key(is_private, &environment, error);
    if (r < 0)
        return r;
    r = -EADDRINUSE;
    /* -EPIPE: the daemon ended meanwhile; nothing has been called yet, so the next one will do. */
    for (int i = 0; i < WINDOW_ATTEMPTS && (r == -EADDRINUSE || r == -EPIPE); i++)
        r = attach_once(link, is_systems, &environment, private_to, ret_session, ret_status, error);
    return r;
}

/* coil_flush() may take as long as calls of the session's most patient module.  With the session's lock. */
static void allow_as_long(struct coil_session *session, uint32_t max_ms)
{
    uint32_t known_ms = atomic_load_explicit(&session->max_call_ms, memory_order_relaxed);

    if (known_ms && (max_ms == 0 || max_ms > known_ms))
        atomic_store_explicit(&session->max_call_ms, max_ms, memory_order_relaxed);
}

int coil_attach_module(struct coil_session *session, struct coil_link *link, enum coil_status *ret_status,
                       struct coil_error *error)
{
    COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message reply = COIL_WIRE_MESSAGE_INIT;
    struct coil_message request = { .type = COIL_MESSAGE_MODULE, .name = coil_image_name(link->image) };
    int r;

    memcpy(request.hash, link->hash, COIL_HASH_SIZE);
    if (coil_deadline_lock(&session->lock) < 0)
        return coil_deadline_explain(ret_status, error, "another thread of this program waited for the daemon");
    request.request = ++session->requests;
    r = ask(session->wire, &request, COIL_MESSAGE_LOADED, link, &reply, ret_status, error);
    if (r < 0 && coil_session_is_cut_off(session))
        r = coil_error_set(error, -EPIPE,
                           "the worker has gone"); /* whatever the daemon says of it: nothing has been called yet */
    if (r == 0)
        link->max_call_ms = coil_deadline_of(reply.message.max_call_ms);
    if (r == 0)
        allow_as_long(session, link->max_call_ms);
    (void)pthread_mutex_unlock(&session->lock);
    return r;
}
