/*
 * A connection: reading requests, sending answers, ending.
 *
 * Purpose: everything about one connection that does not depend on what is asked.
 * What a request means stands in attach.c, region.c and status.c.
 *
 * While a request is under way the socket is watched for the peer's end only, so that
 * a program that dies while its worker starts leaves nothing behind.  The same holds while an answer waits to
 * be sent: a program that sends without waiting, or without reading, fills its own buffers, not ours.
 *
 * Called by server.c (new connections), attach.c (answers) and worker.c (deaths); main thread.
 * A connection closes itself; its memory is freed when libuv has let go of the handle.
 */
#include "daemon/supervisor/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/supervisor/attach.h"
#include "daemon/supervisor/log.h"
#include "daemon/supervisor/move.h"
#include "daemon/supervisor/reload.h"
#include "daemon/supervisor/region.h"
#include "daemon/supervisor/server.h"
#include "daemon/supervisor/session.h"
#include "daemon/supervisor/statistics.h"
#include "daemon/supervisor/status.h"
#include "daemon/supervisor/trace.h"
#include "daemon/supervisor/worker.h"
#include "proto/cleanup.h"
#include "proto/fault.h"
#include "proto/version.h"

#define MESSAGES_PER_TURN 16 /* one client may not keep the loop to itself */

static void on_poll(uv_poll_t *poll, int status, int events);

static void watch(struct coil_client *client)
{
    int events = UV_DISCONNECT;

    if (client->closing)
        return;
    if (coil_wire_pending(client->wire))
        events |= UV_WRITABLE; /* who does not read its answers gets no more of them */
    else if (!client->close_when_sent && !client->is_slowed &&
             (client->step == COIL_CLIENT_IDLE || client->step == COIL_CLIENT_DESCRIPTOR))
        events |= UV_READABLE;
    (void)uv_poll_start(&client->poll, events, on_poll);
}

/* ---- the end ---- */

static void on_closed(uv_handle_t *handle)
{
    struct coil_client *client = handle->data;

    coil_wire_free(client->wire);
    free(client->first_name);
    free(client);
}

void coil_client_close(struct coil_client *client)
{
    if (client->closing)
        return;
    COIL_FAULT("client.close");
    client->closing = true;
    coil_attach_forget(client);
    if (client->session)
        coil_session_close(client->session);
    client->session = NULL;
    TAILQ_REMOVE(&client->server->clients, client, link);
    if (client->step == COIL_CLIENT_TRACE)
        coil_trace_end(client->server);
    if (client->counted)
        coil_server_program_went(client->server);
    coil_quota_give(client->server, client->quota, COIL_QUOTA_CONNECTIONS, 1);
    client->quota = NULL;
    uv_close((uv_handle_t *)&client->poll, on_closed);
}

void coil_client_close_when_sent(struct coil_client *client)
{
    client->close_when_sent = true;
    if (coil_wire_pending(client->wire))
        watch(client);
    else
        coil_client_close(client);
}

struct coil_log_about coil_client_about(const struct coil_client *client)
{
    return (struct coil_log_about){ .pid = client->pid,
                                    .uid = client->uid,
                                    .module = client->name ? client->name : client->first_name };
}

/* What it sent makes no sense: it is told, and the connection ends. */
static void refuse(struct coil_client *client, const char *what)
{
    const struct coil_log_about about = coil_client_about(client);

    coil_log_about(&about, "it is disconnected: %s", what);
    coil_client_fail(client, COIL_REFUSED_PROTOCOL, "%s", what);
    coil_client_close_when_sent(client);
}

bool coil_client_is_awaited(const struct coil_client *client)
{
    return !client->closing && !client->close_when_sent &&
           (!client->has_spoken || client->step == COIL_CLIENT_DESCRIPTOR);
}

void coil_client_give_up(struct coil_client *client)
{
    client->request = client->has_spoken ? client->request : 0;
    refuse(client, client->has_spoken ? "it was asked for a descriptor, and has not sent it for long"
                                      : "it has connected, and sent no whole message for long");
}

void coil_client_go_on(struct coil_client *client)
{
    if (client->closing || !client->is_slowed)
        return;
    client->is_slowed = false;
    watch(client);
}

bool coil_client_pause(struct coil_client *client)
{
    if (client->step != COIL_CLIENT_IDLE || !client->attached || client->close_when_sent)
        return false;
    client->step = COIL_CLIENT_MOVING;
    watch(client);
    return true;
}

void coil_client_resume(struct coil_client *client)
{
    if (client->step == COIL_CLIENT_MOVING)
        client->step = COIL_CLIENT_IDLE;
    watch(client);
}

void coil_client_session_lost(struct coil_client *client)
{
    coil_move_forget(client->session);
    client->session = NULL;
    if (!client->attached)
        return; /* what it waits for ends too, and then it attaches to another worker */
    if (client->step != COIL_CLIENT_IDLE) {
        coil_attach_forget(client);
        coil_client_fail(client, COIL_REFUSED_OTHER, "the worker died");
    }
    coil_client_close_when_sent(client);
}

/* ---- sending ---- */

static void send_message(struct coil_client *client, struct coil_message *message, const int *fds)
{
    struct coil_error error;
    int r;

    message->request = client->request;
    r = coil_wire_send(client->wire, message, fds, &error);
    /* A closed connection is noticed by reading, where its last messages still are. */
    if (r < 0 && r != -EPIPE) {
        const struct coil_log_about about = coil_client_about(client);

        coil_log_about(&about, "it is disconnected: %s", error.text);
        coil_client_close(client);
    }
    watch(client);
}

void coil_client_say(struct coil_client *client, struct coil_message *message)
{
    send_message(client, message, NULL);
}

void coil_client_say_with(struct coil_client *client, struct coil_message *message, const int *fds)
{
    send_message(client, message, fds);
}

void coil_client_answer(struct coil_client *client, struct coil_message *message, const int *fds)
{
    client->step = COIL_CLIENT_IDLE;
    send_message(client, message, fds);
}

void coil_client_fail(struct coil_client *client, enum coil_refusal code, const char *format, ...)
{
    char text[COIL_ERROR_TEXT_MAX];
    struct coil_message message = { .type = COIL_MESSAGE_FAILED, .code = code, .text = text };
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    coil_client_answer(client, &message, NULL);
}

/* ---- receiving ---- */

/* For people, or in the form of this name. */
static void report(struct coil_client *client, const char *form)
{
    COIL_CLEANUP(coil_memory_free) char *text = NULL;
    struct coil_message message = { .type = COIL_MESSAGE_REPORT };
    int r = form ? coil_statistics_write(client->server, form, &text) : coil_status_write(client->server, &text);

    if (r == -EINVAL) {
        coil_client_fail(client, COIL_REFUSED_PROTOCOL, "there are no statistics in the form \"%.40s\"", form);
        return;
    }
    if (r < 0) {
        coil_client_fail(client, COIL_REFUSED_LIMIT, "no memory for a report");
        return;
    }
    message.text = text;
    coil_client_answer(client, &message, NULL);
}

/* Is a request under way, so that nothing is read until it has been answered? */
static bool is_busy(const struct coil_client *client)
{
    return client->step != COIL_CLIENT_IDLE && client->step != COIL_CLIENT_DESCRIPTOR;
}

/* What concerns all programs is for the daemon's user and root alone.  False: it was told so. */
static bool may_command(struct coil_client *client)
{
    const struct coil_log_about about = coil_client_about(client);

    if (client->uid == geteuid() || client->uid == 0)
        return true;
    coil_log_about(&about, "it is refused: this is for root and user %u", (unsigned)geteuid());
    coil_client_fail(client, COIL_REFUSED_IDENTITY, "this daemon serves all users, and tells and obeys only root and user %u",
                     (unsigned)geteuid());
    return false;
}

/* What coilctl wants done. */
static void command(struct coil_client *client, const struct coil_message *message)
{
    char reason[64];

    (void)snprintf(reason, sizeof reason, "client pid %d uid %u asked for it", (int)client->pid, (unsigned)client->uid);
    client->step = message->type == COIL_MESSAGE_STOP ? COIL_CLIENT_STOP : COIL_CLIENT_RELOAD;
    watch(client);
    if (message->type == COIL_MESSAGE_STOP)
        coil_server_stop(client->server, reason);
    else
        coil_reload_begin(client->server, client, reason);
}

/* One of its calls is past its deadline: the worker's affair. */
static void forward_late(struct coil_client *client, const struct coil_message *message)
{
    struct coil_message late = { .type = COIL_MESSAGE_LATE, .session = message->session };

    if (!client->attached || (client->session && message->session != client->session->number))
        refuse(client, "a call is late in a session that it has not got");
    else if (client->session) /* else its worker has just died */
        coil_worker_tell(client->session->worker, &late);
}

static void handle(struct coil_client *client, const struct coil_wire_message *received)
{
    const struct coil_message *message = &received->message;

    if (message->type == COIL_MESSAGE_LATE) {
        forward_late(client, message);
        return;
    }
    /* Whatever it wants of a session that ends: it attaches anew when it finds the connection closed. */
    if (client->session && client->session->draining) {
        client->step = COIL_CLIENT_DRAINED;
        return;
    }
    if (client->step == COIL_CLIENT_DESCRIPTOR) {
        if (message->type == COIL_MESSAGE_DESCRIPTOR && message->request == client->request)
            coil_attach_descriptor(client, message);
        else
            refuse(client, "it was asked for a descriptor and sent something else");
        return;
    }
    client->request = message->request;
    switch (message->type) {
    case COIL_MESSAGE_ATTACH:
        coil_attach_begin(client, message);
        return;
    case COIL_MESSAGE_MODULE:
        coil_attach_module(client, message);
        return;
    case COIL_MESSAGE_CHANNEL:
        coil_attach_channel(client, message);
        return;
    case COIL_MESSAGE_REGION:
        coil_region_show(client, message, received->fds[0]);
        return;
    /* Of any version: a daemon that is too old for everything else must be possible to stop. */
    case COIL_MESSAGE_STATUS:
        if (may_command(client))
            report(client, NULL);
        return;
    case COIL_MESSAGE_STATISTICS:
        if (may_command(client))
            report(client, message->name);
        return;
    case COIL_MESSAGE_RELOAD:
    case COIL_MESSAGE_STOP:
        if (may_command(client))
            command(client, message);
        return;
    case COIL_MESSAGE_TRACE:
        if (may_command(client))
            coil_trace_begin(client);
        return;
    default:
        refuse(client, "it sent a message that is not a request");
        return;
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct coil_client *client = poll->data;
    int sent = coil_wire_flush(client->wire);

    if (sent == 0 && client->close_when_sent) {
        coil_client_close(client);
        return;
    }
    /* Nobody reads while a request is under way or an answer is not sent, so the peer's end is its end. */
    if (client->close_when_sent || client->is_slowed || is_busy(client) || sent == -EAGAIN) {
        if (status < 0 || (events & UV_DISCONNECT))
            coil_client_close(client);
        else
            watch(client);
        return;
    }
    for (unsigned i = 0; i < MESSAGES_PER_TURN; i++) {
        COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message received = COIL_WIRE_MESSAGE_INIT;
        struct coil_error error;
        int r;

        if (!coil_quota_message(client)) {
            client->is_slowed = true;
            coil_server_look(client->server);
            break;
        }
        r = coil_wire_receive(client->wire, &received, &error);

        if (r == -EAGAIN)
            break;
        if (r == -EPIPE) {
            coil_client_close(client);
            return;
        }
        if (r < 0) {
            client->request = 0;
            refuse(client, error.text);
            return;
        }
        client->has_spoken = true;
        handle(client, &received);
        if (client->closing || client->close_when_sent || is_busy(client))
            return;
        if (coil_wire_pending(client->wire))
            break;
    }
    watch(client);
}

int coil_client_new(struct coil_server *server, int fd, const struct ucred *peer, struct coil_quota *quota,
                    struct coil_error *error)
{
    struct coil_client *client = calloc(1, sizeof *client);
    int r;

    if (!client) {
        coil_fd_close(&fd);
        return coil_error_set(error, -ENOMEM, "no memory for a connection");
    }
    client->server = server;
    client->pid = peer->pid;
    client->uid = peer->uid;
    client->gid = peer->gid;
    r = coil_wire_new(fd, &client->wire);
    if (r == 0)
        r = uv_poll_init(&server->loop, &client->poll, coil_wire_fd(client->wire));
    if (r < 0) {
        coil_wire_free(client->wire);
        free(client);
        return coil_error_set(error, r, "cannot watch a connection: %s", uv_strerror(r));
    }
    client->poll.data = client;
    client->quota = quota;
    client->awaited_ms = uv_now(&server->loop);
    COIL_FAULT("client.accepted");
    TAILQ_INSERT_TAIL(&server->clients, client, link);
    watch(client);
    coil_server_look(server);
    return 0;
}
