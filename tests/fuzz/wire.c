/*
 * Framing: a stream in pieces of any size, with file descriptors wherever a peer can put them.  Messages that come out
 * have the descriptors of their row; nonsense ends the stream; no descriptor stays open in any case.
 *
 * Input: one byte per step: how many bytes follow in one piece (low 6 bits; 63: a hundred times as many) and whether
 * descriptors come with them (high 2 bits: 0 none, else 1, 5 or 8); then the bytes.
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/cleanup.h"
#include "proto/wire.h"

#define FDS_MAX 8u

/* How many are open, of the numbers that this process can have got to. */
static unsigned open_fds(void)
{
    unsigned count = 0;

    for (int fd = 0; fd < 64; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* Sends a piece; false: the peer has closed. */
static bool send_piece(int socket, const uint8_t *data, size_t size, unsigned fd_count)
{
    union {
        char buffer[CMSG_SPACE(sizeof(int) * FDS_MAX)];
        struct cmsghdr align;
    } control = { { 0 } };
    struct iovec piece = { (void *)(uintptr_t)data, size };
    struct msghdr header = { .msg_iov = &piece, .msg_iovlen = 1 };
    int fds[FDS_MAX] = { STDIN_FILENO, STDIN_FILENO, STDIN_FILENO, STDIN_FILENO,
                         STDIN_FILENO, STDIN_FILENO, STDIN_FILENO, STDIN_FILENO };

    if (fd_count) {
        header.msg_control = control.buffer;
        header.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
        control.align.cmsg_level = SOL_SOCKET;
        control.align.cmsg_type = SCM_RIGHTS;
        control.align.cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
        memcpy(CMSG_DATA(&control.align), fds, sizeof(int) * fd_count);
    }
    return sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size;
}

/* Everything that can be received now; false: the stream has come to its end. */
static bool receive_all(struct coil_wire *wire)
{
    for (;;) {
        COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message received = COIL_WIRE_MESSAGE_INIT;
        struct coil_error error = { 0 };
        int r = coil_wire_receive(wire, &received, &error);
        unsigned count = 0;

        if (r == -EAGAIN)
            return true;
        if (r < 0) {
            MUST(error.text[0] != '\0');
            MUST(coil_wire_receive(wire, &received, &error) < 0);
            return false;
        }
        while (count < COIL_MESSAGE_FDS_MAX && received.fds[count] >= 0)
            count++;
        MUST(count == coil_message_fds(received.message.type));
        for (unsigned i = 0; i < count; i++)
            MUST(received.fds[i] > STDERR_FILENO);
    }
}

static void run(struct input *input, int peer, struct coil_wire *wire)
{
    static const unsigned fd_counts[] = { 0, 1, 5, 8 };

    while (input->size) {
        uint8_t step = (uint8_t)input_take(input, 1);
        size_t size = (step & 63u) == 63u ? 6300 : step & 63u;

        if (size > input->size)
            size = input->size;
        if (size == 0)
            continue;
        if (!send_piece(peer, input->data, size, fd_counts[step >> 6]))
            return;
        input->data += size;
        input->size -= size;
        if (!receive_all(wire))
            return;
    }
    (void)shutdown(peer, SHUT_WR);
    MUST(!receive_all(wire));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned before = open_fds();
    int pair[2];
    struct input input = { data, size };
    struct coil_wire *wire;

    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    MUST(coil_wire_new(pair[1], &wire) == 0);
    run(&input, pair[0], wire);
    coil_wire_free(wire);
    (void)close(pair[0]);
    MUST(open_fds() == before);
    return 0;
}
