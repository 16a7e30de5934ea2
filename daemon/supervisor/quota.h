/* How much of the daemon one user, and one connection, may take. */
#ifndef COIL_SUPERVISOR_QUOTA_H
#define COIL_SUPERVISOR_QUOTA_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "proto/error.h"

struct coil_client;
struct coil_server;

/* What there is a bound to, for each user. */
enum coil_quota_kind { COIL_QUOTA_CONNECTIONS, COIL_QUOTA_SESSIONS, COIL_QUOTA_CHANNELS, COIL_QUOTA_KINDS };

/* A user, for as long as something is taken. */
struct coil_quota {
    TAILQ_ENTRY(coil_quota) link;
    uid_t uid;
    uint64_t taken[COIL_QUOTA_KINDS];
};

TAILQ_HEAD(coil_quotas, coil_quota);

/* How many messages a connection may send now: they come back with time. */
struct coil_quota_rate {
    uint64_t left;        /* in thousandths of a message */
    uint64_t refilled_ms; /* 0: never */
};

/* Takes one for the user; *ret_quota is whom to give it back to.  -EDQUOT, -ENOMEM with words. */
int coil_quota_take(struct coil_server *server, uid_t uid, enum coil_quota_kind kind, struct coil_quota **ret_quota,
                    struct coil_error *error);

/* Gives `count` back; a user who has nothing any more is forgotten. */
void coil_quota_give(struct coil_server *server, struct coil_quota *quota, enum coil_quota_kind kind, uint64_t count);

/* May the connection send one more message?  False: not now; coil_quota_look() goes on with it when it may. */
bool coil_quota_message(struct coil_client *client);

/*
 * May a system daemon let one more program in?  False: not now.  Whoever connects all the time would else have the daemon
 * work for him all the time, and those who call would have to share the processors with both.
 */
bool coil_quota_accept(struct coil_server *server);

/* Connections that have been silent for too long are closed.  Once a second.  False: there are none to look at. */
bool coil_quota_look(struct coil_server *server);

#endif
