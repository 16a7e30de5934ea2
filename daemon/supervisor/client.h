/*
 * A connection: a program, or coilctl.
 *
 * Requests on one connection are handled one at a time, in order; while one is
 * under way nothing more is read from it.  A program's connection is its session:
 * when it closes, the session ends.
 */
#ifndef COIL_SUPERVISOR_CLIENT_H
#define COIL_SUPERVISOR_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <uv.h>

#include "daemon/supervisor/await.h"
#include "daemon/supervisor/log.h"
#include "daemon/supervisor/quota.h"
#include "daemon/supervisor/store.h"
#include "proto/message.h"
#include "proto/wire.h"

struct coil_environment;
struct coil_server;
struct coil_session;
struct coil_worker;

enum coil_client_step {
    COIL_CLIENT_IDLE,       /* nothing is under way: the next message is a request */
    COIL_CLIENT_DESCRIPTOR, /* the next message must be the descriptor it was asked for */
    COIL_CLIENT_WORKER,     /* a worker has to do something first */
    COIL_CLIENT_MOVING,     /* no request, but its session may end now: nothing is read until that is known */
    COIL_CLIENT_DRAINED,    /* its session ends, and then the connection does */
    COIL_CLIENT_RELOAD,     /* coilctl: the new generations have to be there first, or not */
    COIL_CLIENT_STOP,       /* coilctl: everything has to go first */
    COIL_CLIENT_TRACE       /* coilctl: it watches calls, until it closes */
};

struct coil_client {
    TAILQ_ENTRY(coil_client) link;
    struct coil_server *server;
    struct coil_wire *wire;
    uv_poll_t poll;
    pid_t pid; /* as the kernel saw it when it connected */
    uid_t uid;
    gid_t gid;
    bool closing;
    bool close_when_sent;
    bool has_spoken; /* a whole message has come */
    bool is_slowed;  /* it has sent as much as it may for now, and nothing is read */
    struct coil_quota *quota;
    struct coil_quota_rate rate;
    uint64_t awaited_ms; /* since when its first message is awaited, or the descriptor; 0: nothing is */

    /* The request under way. */
    enum coil_client_step step;
    uint64_t request;
    struct coil_await await;
    char *name;
    uint8_t hash[COIL_HASH_SIZE];
    struct coil_stored *descriptor;

    /* What it is attached to. */
    bool attached;
    bool counted;                         /* as a program, by the server */
    struct coil_environment *environment; /* used while it attaches */
    struct coil_worker *worker;           /* held while it attaches; then the session holds it */
    struct coil_session *session;
    char *first_name; /* of the module that it attached with; NULL */
    unsigned attempts; /* workers that died while it attached */
    uint64_t reload;   /* which reload it waits for */
    bool trace_began;  /* it watches, and has been told that it sees everything from now on */
};

/*
 * Takes over an accepted socket and begins to read.  It frees itself when the connection ends, and gives back what was
 * taken of `quota`; not if it fails.
 */
int coil_client_new(struct coil_server *server, int fd, const struct ucred *peer, struct coil_quota *quota,
                    struct coil_error *error);

/* Ends the connection and everything that hangs on it.  The structure is freed by a later turn of the loop. */
void coil_client_close(struct coil_client *client);

/* The same, once what was sent has left. */
void coil_client_close_when_sent(struct coil_client *client);

/* Answers the request under way (its number is filled in), which ends it. */
void coil_client_answer(struct coil_client *client, struct coil_message *message, const int *fds);
void coil_client_fail(struct coil_client *client, enum coil_refusal code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whom lines of the log about it are about: its process, its user, and the module that it wants now, or wanted first. */
struct coil_log_about coil_client_about(const struct coil_client *client);

/* Sends something that does not end the request; the other with fds, which are duplicated. */
void coil_client_say(struct coil_client *client, struct coil_message *message);
void coil_client_say_with(struct coil_client *client, struct coil_message *message, const int *fds);

/* ---- for quota.c ---- */

/* Is it waited for, for its first message or a descriptor? */
bool coil_client_is_awaited(const struct coil_client *client);

/* It has been waited for long enough. */
void coil_client_give_up(struct coil_client *client);

/* It may send again. */
void coil_client_go_on(struct coil_client *client);

/* Reads nothing until coil_client_resume().  False: a request is under way. */
bool coil_client_pause(struct coil_client *client);
void coil_client_resume(struct coil_client *client);

/* Its session's worker is dead, and the session is about to be freed. */
void coil_client_session_lost(struct coil_client *client);

#endif
