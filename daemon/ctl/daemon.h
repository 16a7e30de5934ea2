/* The daemon that coilctl talks to. */
#ifndef COIL_CTL_DAEMON_H
#define COIL_CTL_DAEMON_H

#include <stdbool.h>

#include "proto/error.h"
#include "proto/message.h"
#include "proto/socket_path.h"
#include "proto/wire.h"

#define COIL_DAEMON_STATUS_TIMEOUT_MS 5000

/* The one that was reached, and its process. */
struct coil_daemon {
    char path[COIL_SOCKET_PATH_MAX];
    struct coil_wire *wire;
    bool is_systems; /* the machine's, wherever programs of this user would look */
    int pidfd;       /* -1 if it cannot be watched */
};

#define COIL_DAEMON_INIT                                                                                               \
    {                                                                                                                  \
        .pidfd = -1                                                                                                    \
    }

/* The daemon at the socket that programs would use, or the system's.  `is_systems` is filled in.  Negative errno with words. */
int coil_daemon_connect(struct coil_daemon *daemon, struct coil_error *error);
void coil_daemon_deinit(struct coil_daemon *daemon);

/*
 * 0 and an answer of the expected type, or a negative errno with words.  `name` goes with the questions that have one;
 * NULL for others.  What a reload has to say of its failure is printed.
 */
int coil_daemon_ask(struct coil_daemon *daemon, enum coil_message_type question, const char *name,
                    enum coil_message_type expected, int timeout_ms, struct coil_wire_message *ret_answer,
                    struct coil_error *error);

#endif
