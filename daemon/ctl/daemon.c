/*
 * The daemon that coilctl talks to.
 *
 * Purpose: the way there, and one question with its answer.  It never starts a daemon.  A socket may have been put
 * there by someone else, so the server's user is checked before anything is said (proto/dial.h).
 *
 * Called by main.c and top.c.
 */
#include "daemon/ctl/daemon.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/cleanup.h"
#include "proto/dial.h"
#include "proto/version.h"

void coil_daemon_deinit(struct coil_daemon *daemon)
{
    coil_wire_freep(&daemon->wire);
    coil_fd_close(&daemon->pidfd);
}

static int find_socket(struct coil_daemon *daemon, bool *ret_is_named, struct coil_error *error)
{
    bool private_folder = false;
    int r = daemon->is_systems ? coil_socket_path_resolve(COIL_SOCKET_PATH_SYSTEM, "--system", daemon->path,
                                                          sizeof daemon->path, error)
                               : coil_socket_path(daemon->path, sizeof daemon->path, &private_folder, error);

    *ret_is_named = !private_folder;
    return r;
}

int coil_daemon_connect(struct coil_daemon *daemon, struct coil_error *error)
{
    COIL_CLEANUP(coil_fd_close) int fd = -1;
    bool is_named = true;
    struct ucred peer;
    int r = find_socket(daemon, &is_named, error);

    if (r == 0)
        r = coil_dial(daemon->path, is_named, &fd, &peer, error);
    if (r < 0)
        return r;
    daemon->pidfd = pidfd_open(peer.pid, 0);
    r = coil_wire_new(coil_steal_fd(&fd), &daemon->wire);
    return r < 0 ? coil_error_set(error, r, "no memory") : 0;
}

int coil_daemon_ask(struct coil_daemon *daemon, enum coil_message_type question, const char *name,
                    enum coil_message_type expected, int timeout_ms, struct coil_wire_message *ret_answer,
                    struct coil_error *error)
{
    COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message answer = COIL_WIRE_MESSAGE_INIT;
    struct coil_message message = {
        .type = question, .request = 1, .protocol = COIL_PROTOCOL, .version = COIL_VERSION, .name = name
    };
    int r = coil_wire_call(daemon->wire, &message, NULL, &answer, timeout_ms, error);

    if (r < 0) {
        (void)coil_error_prepend(error, "the daemon at %s", daemon->path);
        return r;
    }
    if (answer.message.type == COIL_MESSAGE_FAILED && question == COIL_MESSAGE_RELOAD &&
        answer.message.code != COIL_REFUSED_IDENTITY) {
        (void)fputs(answer.message.text, stdout);
        return coil_error_set(error, -EPERM, "not all of it could be reloaded: what failed goes on as it was");
    }
    if (answer.message.type == COIL_MESSAGE_FAILED)
        return coil_error_set(error, -EPERM, "the daemon at %s refused: %s", daemon->path, answer.message.text);
    if (answer.message.type != expected)
        return coil_error_set(error, -EBADMSG,
                              "the daemon at %s gave an answer that makes no sense: is it of another "
                              "version than coilctl %s?",
                              daemon->path, COIL_VERSION);
    *ret_answer = answer;
    answer = (struct coil_wire_message)COIL_WIRE_MESSAGE_INIT;
    return 0;
}
