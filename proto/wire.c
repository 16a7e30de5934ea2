/*
 * Messages over a Unix stream socket, with file descriptors.
 *
 * Purpose: framing, and fds that arrive with the message they belong to.
 *
 * A stream socket gives fds together with the first byte that was sent with
 * them, but a reader that asks for much gets the end of one message, the whole
 * of the next and that one's fds in a single answer.  So a read never goes past
 * the end of the message it is in: first the four bytes of the length, then
 * exactly the body.  Fds that come with the length belong to that message; fds
 * at any other place are nonsense.  Two system calls for each message are nothing
 * here: calls into Python do not come this way.
 *
 * Memory for a body grows as its bytes arrive, so that a length alone costs
 * nothing.  Where there is none, what has come is kept, and the next attempt goes on with it.  Once something makes no
 * sense, the stream cannot be understood any more and the wire stays broken.
 *
 * Used by the client, the supervisor, the worker and coilctl.  No locks: the
 * owner of a wire lets one thread at a time in.
 */
#include "proto/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "proto/cleanup.h"
#include "proto/clock.h"
#include "proto/fault.h"
#include "proto/poll.h"

#define LENGTH_SIZE 4u
#define BODY_FIRST_SIZE 4096u             /* bytes a body's buffer starts with */
#define QUEUE_SIZE_MAX ((size_t)64 << 20) /* bytes that may wait for a slow peer */

/* A message on its way out. */
struct packet {
    struct packet *next;
    uint8_t *data;
    size_t size;
    size_t sent;
    int fds[COIL_MESSAGE_FDS_MAX]; /* ours; closed when they have been sent */
};

struct coil_wire {
    int fd;
    bool broken; /* nonsense has come: nothing after it can be understood */

    /* The message that is coming in. */
    uint8_t length[LENGTH_SIZE];
    size_t length_got;
    uint8_t *body;
    size_t body_size;
    size_t body_got;
    size_t body_capacity;
    int fds[COIL_MESSAGE_FDS_MAX];
    unsigned fd_count;

    /* What could not be sent yet, in order. */
    struct packet *first;
    struct packet **last;
    size_t queued; /* bytes in it */
};

static void fds_close(int *fds)
{
    for (unsigned i = 0; i < COIL_MESSAGE_FDS_MAX; i++)
        coil_fd_close(&fds[i]);
}

static void fds_clear(int *fds)
{
    for (unsigned i = 0; i < COIL_MESSAGE_FDS_MAX; i++)
        fds[i] = -1;
}

static void packet_free(struct packet *packet)
{
    if (!packet)
        return;
    fds_close(packet->fds);
    free(packet->data);
    free(packet);
}

static void packet_freep(struct packet **packet)
{
    packet_free(*packet);
    *packet = NULL;
}

void coil_wire_message_deinit(struct coil_wire_message *message)
{
    fds_close(message->fds);
    free(message->memory);
    *message = (struct coil_wire_message)COIL_WIRE_MESSAGE_INIT;
}

int coil_wire_new(int fd, struct coil_wire **ret_wire)
{
    COIL_CLEANUP(coil_fd_close) int owned = fd;
    struct coil_wire *wire = calloc(1, sizeof *wire);

    if (!wire)
        return -ENOMEM;
    (void)fcntl(owned, F_SETFD, FD_CLOEXEC);
    (void)fcntl(owned, F_SETFL, fcntl(owned, F_GETFL) | O_NONBLOCK);
    wire->fd = coil_steal_fd(&owned);
    fds_clear(wire->fds);
    wire->last = &wire->first;
    *ret_wire = wire;
    return 0;
}

int coil_wire_release(struct coil_wire *wire)
{
    struct packet *packet;
    int fd;

    if (!wire)
        return -1;
    while ((packet = wire->first)) {
        wire->first = packet->next;
        packet_free(packet);
    }
    fds_close(wire->fds);
    free(wire->body);
    fd = wire->fd;
    free(wire);
    return fd;
}

void coil_wire_free(struct coil_wire *wire)
{
    int fd = coil_wire_release(wire);

    coil_fd_close(&fd);
}

int coil_wire_fd(const struct coil_wire *wire)
{
    return wire->fd;
}

bool coil_wire_pending(const struct coil_wire *wire)
{
    return wire->first != NULL;
}

/* Does the kernel lack memory right now?  The connection is still good then. */
static bool is_shortage(int r)
{
    return r == -ENOMEM || r == -ENOBUFS;
}

/* ---- sending ---- */

/* Sends some of a packet: its fds with its first byte.  Bytes sent, or a negative errno. */
static ssize_t packet_send(int fd, const struct packet *packet)
{
    union {
        char buffer[CMSG_SPACE(sizeof(int) * COIL_MESSAGE_FDS_MAX)];
        struct cmsghdr align;
    } control;
    struct iovec data = { packet->data + packet->sent, packet->size - packet->sent };
    struct msghdr header = { .msg_iov = &data, .msg_iovlen = 1 };
    unsigned count = 0;
    ssize_t sent;

    while (count < COIL_MESSAGE_FDS_MAX && packet->fds[count] >= 0)
        count++;
    if (count && packet->sent == 0) {
        struct cmsghdr *rights = &control.align;

        memset(&control, 0, sizeof control);
        header.msg_control = control.buffer;
        header.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int) * count);
        memcpy(CMSG_DATA(rights), packet->fds, sizeof(int) * count);
    }
    do
        sent = sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

/* As coil_wire_flush(), and -ENOMEM or -ENOBUFS. */
static int flush(struct coil_wire *wire)
{
    struct packet *packet;

    while ((packet = wire->first)) {
        ssize_t sent = packet_send(wire->fd, packet);

        if (sent == -EAGAIN || is_shortage((int)sent))
            return (int)sent;
        if (sent < 0)
            return -EPIPE;
        if (packet->sent == 0)
            fds_close(packet->fds);
        packet->sent += (size_t)sent;
        if (packet->sent < packet->size)
            continue;
        wire->first = packet->next;
        if (!wire->first)
            wire->last = &wire->first;
        wire->queued -= packet->size;
        packet_free(packet);
    }
    return 0;
}

int coil_wire_flush(struct coil_wire *wire)
{
    int r = flush(wire);

    return is_shortage(r) ? -EAGAIN : r;
}

/* Takes the last message back, if none of it has been sent. */
static bool take_back(struct coil_wire *wire)
{
    struct packet **at = &wire->first;

    while ((*at)->next)
        at = &(*at)->next;
    if ((*at)->sent > 0)
        return false;
    wire->queued -= (*at)->size;
    packet_free(*at);
    *at = NULL;
    wire->last = at;
    return true;
}

int coil_wire_send(struct coil_wire *wire, const struct coil_message *message, const int *fds, struct coil_error *error)
{
    COIL_CLEANUP(packet_freep) struct packet *packet = calloc(1, sizeof *packet);
    unsigned count = coil_message_fds(message->type);
    void *data;
    int r;

    if (!packet)
        return coil_error_set(error, -ENOMEM, "no memory for the message \"%s\"", coil_message_name(message->type));
    fds_clear(packet->fds);
    r = coil_message_encode(message, &data, &packet->size, error);
    if (r < 0)
        return r;
    packet->data = data;
    if (wire->queued + packet->size > QUEUE_SIZE_MAX)
        return coil_error_set(error, -ENOBUFS, "the peer does not read its messages: %zu bytes wait for it",
                              wire->queued);
    for (unsigned i = 0; i < count; i++) {
        packet->fds[i] = fds ? fcntl(fds[i], F_DUPFD_CLOEXEC, 3) : (errno = EBADF, -1);
        if (packet->fds[i] < 0)
            return coil_error_set(error, -errno, "cannot duplicate a file descriptor of the message \"%s\": %s",
                                  coil_message_name(message->type), strerror(errno));
    }
    wire->queued += packet->size;
    *wire->last = packet;
    wire->last = &packet->next;
    packet = NULL;
    COIL_FAULT_OF("wire.send", coil_message_name(message->type));
    r = flush(wire);
    if (r == -EPIPE)
        return coil_error_set(error, -EPIPE, "the other side has closed the connection");
    if (is_shortage(r) && take_back(wire))
        return coil_error_set(error, -ENOMEM, "no memory to send the message \"%s\"", coil_message_name(message->type));
    COIL_FAULT_OF("wire.sent", coil_message_name(message->type));
    return 0;
}

/* ---- receiving ---- */

static int broken(struct coil_wire *wire, struct coil_error *error, const char *what)
{
    wire->broken = true;
    fds_close(wire->fds);
    wire->fd_count = 0;
    return coil_error_set(error, -EBADMSG, "%s", what);
}

/* Keeps the fds that came with a read, above the standard ones.  False if there are too many. */
static bool keep_fds(struct coil_wire *wire, struct msghdr *header)
{
    bool kept = !(header->msg_flags & MSG_CTRUNC);

    for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control; control = CMSG_NXTHDR(header, control)) {
        size_t count;

        if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
            continue;
        count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            COIL_CLEANUP(coil_fd_close) int fd = -1;

            memcpy(&fd, CMSG_DATA(control) + i * sizeof fd, sizeof fd);
            if (fd <= STDERR_FILENO) {
                int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

                coil_fd_close(&fd);
                fd = moved;
            }
            if (fd < 0 || wire->fd_count == COIL_MESSAGE_FDS_MAX)
                kept = false;
            else
                wire->fds[wire->fd_count++] = coil_steal_fd(&fd);
        }
    }
    return kept;
}

/* Reads up to `size` bytes.  Their number, -EAGAIN, -EPIPE, or -EBADMSG, -EMFILE or -ENOMEM with words. */
static ssize_t read_some(struct coil_wire *wire, void *data, size_t size, struct coil_error *error)
{
    union {
        char buffer[CMSG_SPACE(sizeof(int) * COIL_MESSAGE_FDS_MAX)];
        struct cmsghdr align;
    } control;
    struct iovec space = { data, size };
    struct msghdr header = {
        .msg_iov = &space, .msg_iovlen = 1, .msg_control = control.buffer, .msg_controllen = sizeof control.buffer
    };
    bool at_start = wire->length_got == 0;
    unsigned before = wire->fd_count;
    bool kept;
    ssize_t got;

    do
        got = recvmsg(wire->fd, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got < 0 && is_shortage(-errno))
        return coil_error_set(error, -ENOMEM, "no memory to receive a message");
    if (got < 0)
        return errno == EAGAIN ? -EAGAIN : -EPIPE;
    kept = keep_fds(wire, &header);
    if (!kept && wire->fd_count == COIL_MESSAGE_FDS_MAX)
        return broken(wire, error, "a message came with too many file descriptors");
    if (!kept) {
        (void)broken(wire, error, "file descriptors of a message are missing: this process has no free ones left");
        return -EMFILE;
    }
    if (wire->fd_count != before && !at_start)
        return broken(wire, error, "file descriptors came in the middle of a message");
    return got ? got : -EPIPE;
}

static int read_length(struct coil_wire *wire, struct coil_error *error)
{
    while (wire->length_got < LENGTH_SIZE) {
        ssize_t got = read_some(wire, wire->length + wire->length_got, LENGTH_SIZE - wire->length_got, error);

        if (got < 0)
            return (int)got;
        wire->length_got += (size_t)got;
        if (wire->length_got < LENGTH_SIZE)
            continue;
        wire->body_size = 0;
        for (unsigned i = 0; i < LENGTH_SIZE; i++)
            wire->body_size |= (size_t)wire->length[i] << (8 * i);
        if (wire->body_size > COIL_MESSAGE_SIZE_MAX || wire->body_size == 0)
            return broken(wire, error, "a message came whose length is impossible");
    }
    return 0;
}

/* Makes room for more of the body.  What has arrived bounds what is allocated. */
static int grow_body(struct coil_wire *wire, struct coil_error *error)
{
    size_t capacity = wire->body_capacity ? wire->body_capacity * 2 : BODY_FIRST_SIZE;
    uint8_t *body;

    if (wire->body_got < wire->body_capacity)
        return 0;
    if (capacity > wire->body_size)
        capacity = wire->body_size;
    body = realloc(wire->body, capacity);
    if (!body)
        return coil_error_set(error, -ENOMEM, "no memory for a message");
    wire->body = body;
    wire->body_capacity = capacity;
    return 0;
}

static int read_body(struct coil_wire *wire, struct coil_error *error)
{
    while (wire->body_got < wire->body_size) {
        ssize_t got;
        int r = grow_body(wire, error);

        if (r < 0)
            return r;
        got = read_some(wire, wire->body + wire->body_got, wire->body_capacity - wire->body_got, error);
        if (got < 0)
            return (int)got;
        wire->body_got += (size_t)got;
    }
    return 0;
}

static void body_reset(struct coil_wire *wire)
{
    free(wire->body);
    wire->body = NULL;
    wire->length_got = wire->body_size = wire->body_got = wire->body_capacity = 0;
}

int coil_wire_receive(struct coil_wire *wire, struct coil_wire_message *ret_message, struct coil_error *error)
{
    COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message received = COIL_WIRE_MESSAGE_INIT;
    int r;

    if (wire->broken)
        return coil_error_set(error, -EBADMSG, "the connection carried nonsense before");
    r = read_length(wire, error);
    if (r == 0)
        r = read_body(wire, error);
    if (r == -EPIPE)
        return coil_error_set(error, -EPIPE, "the other side has closed the connection");
    if (r < 0)
        return r;
    r = coil_message_decode(wire->body, wire->body_size, &received.message, &received.memory, error);
    if (r == -ENOMEM) /* the message stays */
        return r;
    body_reset(wire);
    if (r < 0) {
        wire->broken = true;
        fds_close(wire->fds);
        wire->fd_count = 0;
        return r;
    }
    if (wire->fd_count != coil_message_fds(received.message.type))
        return broken(wire, error, "a message came with a wrong number of file descriptors");
    COIL_FAULT_OF("wire.received", coil_message_name(received.message.type));
    memcpy(received.fds, wire->fds, sizeof received.fds);
    fds_clear(wire->fds);
    wire->fd_count = 0;
    *ret_message = received;
    received = (struct coil_wire_message)COIL_WIRE_MESSAGE_INIT;
    return 0;
}

/* ---- one question, one answer ---- */

int coil_wire_call(struct coil_wire *wire, const struct coil_message *message, const int *fds,
                   struct coil_wire_message *ret_message, int timeout_ms, struct coil_error *error)
{
    int64_t deadline_ms = timeout_ms < 0 ? INT64_MAX : coil_clock_ms() + timeout_ms;
    int r = coil_wire_send(wire, message, fds, error);

    /* A peer that refuses us may have answered and closed before we asked: its answer is still there. */
    if (r < 0 && r != -EPIPE)
        return r;
    for (;;) {
        short events = POLLIN;
        int64_t left_ms = deadline_ms == INT64_MAX ? -1 : deadline_ms - coil_clock_ms();

        r = coil_wire_receive(wire, ret_message, error);
        /* Number 0: turned away before we asked. */
        if (r == 0 && ret_message->message.request != message->request && ret_message->message.request != 0) {
            coil_wire_message_deinit(ret_message);
            continue;
        }
        if (r != -EAGAIN)
            return r;
        if (coil_wire_flush(wire) == -EAGAIN)
            events |= POLLOUT;
        if (deadline_ms != INT64_MAX && left_ms <= 0)
            return coil_error_set(error, -ETIMEDOUT, "no answer to \"%s\" within %d ms",
                                  coil_message_name(message->type), timeout_ms);
        (void)coil_poll(wire->fd, events, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
    }
}
