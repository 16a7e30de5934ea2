/*
 * The wire: messages arrive whole, in order and with their own fds, whatever
 * the other side does, and no fd is left behind.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/cleanup.h"
#include "proto/wire.h"

static unsigned count_fds(void)
{
    DIR *folder = opendir("/proc/self/fd");
    unsigned count = 0;

    while (readdir(folder))
        count++;
    (void)closedir(folder);
    return count;
}

struct pair {
    unsigned fds_before;
    struct coil_wire *here;
    struct coil_wire *there;
};

static int setup(void **state)
{
    struct pair *pair = calloc(1, sizeof *pair);
    int fds[2];

    pair->fds_before = count_fds();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_int_equal(coil_wire_new(fds[0], &pair->here), 0);
    assert_int_equal(coil_wire_new(fds[1], &pair->there), 0);
    *state = pair;
    return 0;
}

/* Every test ends with as many fds as it began with. */
static int teardown(void **state)
{
    struct pair *pair = *state;
    unsigned before = pair->fds_before;

    coil_wire_freep(&pair->here);
    coil_wire_freep(&pair->there);
    free(pair);
    return count_fds() == before ? 0 : -1;
}

static int make_fd(char content)
{
    int fd = memfd_create("coil-test", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, &content, 1, 0), 1);
    return fd;
}

static void assert_fd(int fd, char expected)
{
    char content = 0;

    assert_true(fd > 2);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(pread(fd, &content, 1, 0), 1);
    assert_int_equal(content, expected);
}

static void send_attached(struct coil_wire *wire, uint64_t request, char first)
{
    struct coil_message message = { .type = COIL_MESSAGE_ATTACHED, .request = request };
    int fds[5];

    for (int i = 0; i < 5; i++)
        fds[i] = make_fd((char)(first + i));
    assert_int_equal(coil_wire_send(wire, &message, fds, NULL), 0);
    for (int i = 0; i < 5; i++)
        (void)close(fds[i]);
}

static void send_done(struct coil_wire *wire, uint64_t request)
{
    struct coil_message message = { .type = COIL_MESSAGE_DONE, .request = request };

    assert_int_equal(coil_wire_send(wire, &message, NULL, NULL), 0);
}

static void fds_come_with_their_message(void **state)
{
    struct pair *pair = *state;
    struct coil_wire_message got = COIL_WIRE_MESSAGE_INIT;

    assert_int_equal(coil_wire_receive(pair->there, &got, NULL), -EAGAIN);
    send_done(pair->here, 1);
    send_attached(pair->here, 2, 'a');
    send_attached(pair->here, 3, 'f');
    send_done(pair->here, 4);
    for (uint64_t request = 1; request <= 4; request++) {
        assert_int_equal(coil_wire_receive(pair->there, &got, NULL), 0);
        assert_int_equal(got.message.request, request);
        for (int i = 0; i < 5; i++) {
            if (request == 2 || request == 3)
                assert_fd(got.fds[i], (char)('a' + 5 * (int)(request - 2) + i));
            else
                assert_int_equal(got.fds[i], -1);
        }
        coil_wire_message_deinit(&got);
    }
    assert_int_equal(coil_wire_receive(pair->there, &got, NULL), -EAGAIN);
}

/* More than the socket takes: it waits, and then arrives in order, fds included. */
static void what_does_not_fit_is_kept(void **state)
{
    struct pair *pair = *state;
    COIL_CLEANUP(coil_memory_free) char *large = calloc(1, 8u << 20);
    struct coil_message descriptor = { .type = COIL_MESSAGE_DESCRIPTOR, .descriptor = { large, 8u << 20 } };
    struct coil_wire_message got = COIL_WIRE_MESSAGE_INIT;
    unsigned received = 0;

    descriptor.request = 1;
    assert_int_equal(coil_wire_send(pair->here, &descriptor, NULL, NULL), 0);
    assert_true(coil_wire_pending(pair->here));
    send_attached(pair->here, 2, 'a');
    send_done(pair->here, 3);
    while (received < 3) {
        int r = coil_wire_receive(pair->there, &got, NULL);

        if (r == -EAGAIN) {
            (void)coil_wire_flush(pair->here);
            continue;
        }
        assert_int_equal(r, 0);
        assert_int_equal(got.message.request, ++received);
        if (received == 1)
            assert_int_equal(got.message.descriptor.size, 8u << 20);
        if (received == 2)
            assert_fd(got.fds[3], 'd');
        coil_wire_message_deinit(&got);
    }
    assert_false(coil_wire_pending(pair->here));
}

static void a_peer_that_never_reads_is_bounded(void **state)
{
    struct pair *pair = *state;
    COIL_CLEANUP(coil_memory_free) char *large = calloc(1, 8u << 20);
    struct coil_message message = { .type = COIL_MESSAGE_DESCRIPTOR, .descriptor = { large, 8u << 20 } };
    struct coil_error error;
    int r = 0;

    for (int i = 0; i < 20 && r == 0; i++)
        r = coil_wire_send(pair->here, &message, NULL, &error);
    assert_int_equal(r, -ENOBUFS);
}

/* Sends raw bytes, with fds. */
static void send_raw(const struct coil_wire *wire, const void *data, size_t size, unsigned fd_count)
{
    union {
        char buffer[CMSG_SPACE(sizeof(int) * 16)];
        struct cmsghdr align;
    } control;
    struct iovec bytes = { (void *)data, size };
    struct msghdr header = { .msg_iov = &bytes, .msg_iovlen = 1 };
    int fd = make_fd('x');

    if (fd_count) {
        memset(&control, 0, sizeof control);
        header.msg_control = control.buffer;
        header.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
        control.align.cmsg_level = SOL_SOCKET;
        control.align.cmsg_type = SCM_RIGHTS;
        control.align.cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
        for (unsigned i = 0; i < fd_count; i++)
            memcpy(CMSG_DATA(&control.align) + i * sizeof fd, &fd, sizeof fd);
    }
    assert_int_equal(sendmsg(coil_wire_fd(wire), &header, MSG_NOSIGNAL), size);
    (void)close(fd);
}

static void assert_refused(struct coil_wire *wire, const char *words)
{
    struct coil_wire_message got = COIL_WIRE_MESSAGE_INIT;
    struct coil_error error = { 0 };

    assert_int_equal(coil_wire_receive(wire, &got, &error), -EBADMSG);
    assert_non_null(strstr(error.text, words));
    assert_int_equal(coil_wire_receive(wire, &got, &error), -EBADMSG);
}

static void encode_done(void **ret_data, size_t *ret_size)
{
    struct coil_message message = { .type = COIL_MESSAGE_DONE, .request = 5 };

    assert_int_equal(coil_message_encode(&message, ret_data, ret_size, NULL), 0);
}

static void a_message_arrives_byte_by_byte(void **state)
{
    struct pair *pair = *state;
    COIL_CLEANUP(coil_memory_free) char *data = NULL;
    struct coil_wire_message got = COIL_WIRE_MESSAGE_INIT;
    size_t size;

    encode_done((void **)&data, &size);
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(coil_wire_receive(pair->there, &got, NULL), -EAGAIN);
        send_raw(pair->here, data + i, 1, 0);
    }
    assert_int_equal(coil_wire_receive(pair->there, &got, NULL), 0);
    assert_int_equal(got.message.request, 5);
    coil_wire_message_deinit(&got);
}

static void surplus_fds_are_closed(void **state)
{
    struct pair *pair = *state;
    COIL_CLEANUP(coil_memory_free) void *data = NULL;
    size_t size;

    encode_done(&data, &size);
    send_raw(pair->here, data, size, 1);
    assert_refused(pair->there, "wrong number of file descriptors");
}

static void many_fds_are_closed(void **state)
{
    struct pair *pair = *state;
    COIL_CLEANUP(coil_memory_free) void *data = NULL;
    size_t size;

    encode_done(&data, &size);
    send_raw(pair->here, data, size, 16);
    assert_refused(pair->there, "too many file descriptors");
}

static void fds_inside_a_message_are_refused(void **state)
{
    struct pair *pair = *state;
    COIL_CLEANUP(coil_memory_free) char *data = NULL;
    size_t size;

    encode_done((void **)&data, &size);
    send_raw(pair->here, data, 10, 0);
    send_raw(pair->here, data + 10, size - 10, 1);
    assert_refused(pair->there, "in the middle of a message");
}

static void missing_fds_are_refused(void **state)
{
    struct pair *pair = *state;
    struct coil_message message = { .type = COIL_MESSAGE_ATTACHED };
    COIL_CLEANUP(coil_memory_free) void *data = NULL;
    size_t size;

    assert_int_equal(coil_message_encode(&message, &data, &size, NULL), 0);
    send_raw(pair->here, data, size, 3);
    assert_refused(pair->there, "wrong number of file descriptors");
}

static void impossible_lengths_are_refused(void **state)
{
    struct pair *pair = *state;

    send_raw(pair->here, "\xff\xff\xff\xff", 4, 2);
    assert_refused(pair->there, "length is impossible");
    send_raw(pair->there, "\0\0\0\0", 4, 0);
    assert_refused(pair->here, "length is impossible");
}

static void garbage_is_refused(void **state)
{
    struct pair *pair = *state;

    send_raw(pair->here, "\x05\0\0\0\xdf\xff\xff\xff\xff", 9, 0);
    assert_refused(pair->there, "not one of coil's");
}

static void a_closed_peer_is_told_after_its_last_message(void **state)
{
    struct pair *pair = *state;
    struct coil_wire_message got = COIL_WIRE_MESSAGE_INIT;
    struct coil_message message = { .type = COIL_MESSAGE_DONE };
    struct coil_error error;

    send_done(pair->there, 1); /* never read: the socket is reset when it is closed */
    send_done(pair->here, 2);
    send_raw(pair->here, "\x05", 1, 3);
    coil_wire_freep(&pair->here);
    assert_int_equal(coil_wire_send(pair->there, &message, NULL, &error), -EPIPE);
    assert_int_equal(coil_wire_receive(pair->there, &got, NULL), 0);
    assert_int_equal(got.message.request, 2);
    coil_wire_message_deinit(&got);
    assert_int_equal(coil_wire_receive(pair->there, &got, &error), -EPIPE);
    assert_non_null(strstr(error.text, "closed the connection"));
}

static void received_fds_are_above_the_standard_ones(void **state)
{
    struct pair *pair = *state;
    struct coil_wire_message got = COIL_WIRE_MESSAGE_INIT;
    int kept = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);

    send_attached(pair->here, 1, 'a');
    (void)close(STDIN_FILENO);
    assert_int_equal(coil_wire_receive(pair->there, &got, NULL), 0);
    assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
    assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
    (void)close(kept);
    for (int i = 0; i < 5; i++)
        assert_fd(got.fds[i], (char)('a' + i));
    coil_wire_message_deinit(&got);
}

static void a_call_ends_at_its_deadline(void **state)
{
    struct pair *pair = *state;
    struct coil_message message = { .type = COIL_MESSAGE_DONE, .request = 8 };
    struct coil_wire_message got = COIL_WIRE_MESSAGE_INIT;
    struct coil_error error;

    assert_int_equal(coil_wire_call(pair->here, &message, NULL, &got, 30, &error), -ETIMEDOUT);
    assert_string_equal(error.text, "no answer to \"done\" within 30 ms");
    /* The late answer is not taken for that of the next question. */
    message.request = 9;
    send_done(pair->there, 8);
    send_done(pair->there, 9);
    assert_int_equal(coil_wire_call(pair->here, &message, NULL, &got, 1000, &error), 0);
    assert_int_equal(got.message.request, 9);
    coil_wire_message_deinit(&got);
}

/* A peer may refuse and close before it was asked: the refusal is what the caller must see. */
static void a_call_gets_an_answer_that_was_there_before(void **state)
{
    struct pair *pair = *state;
    struct coil_message message = { .type = COIL_MESSAGE_DONE };
    struct coil_wire_message got = COIL_WIRE_MESSAGE_INIT;

    message.request = 3;
    send_done(pair->there, 0);
    coil_wire_freep(&pair->there);
    assert_int_equal(coil_wire_call(pair->here, &message, NULL, &got, 1000, NULL), 0);
    assert_int_equal(got.message.request, 0);
    coil_wire_message_deinit(&got);
    assert_int_equal(coil_wire_call(pair->here, &message, NULL, &got, 1000, NULL), -EPIPE);
}

static void bad_fds_are_not_sent(void **state)
{
    struct pair *pair = *state;
    struct coil_message message = { .type = COIL_MESSAGE_ATTACHED };
    int fds[5] = { 0, 1, 2, 2, -1 };
    struct coil_error error;

    assert_int_equal(coil_wire_send(pair->here, &message, fds, &error), -EBADF);
    assert_int_equal(coil_wire_send(pair->here, &message, NULL, &error), -EBADF);
    assert_false(coil_wire_pending(pair->here));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(fds_come_with_their_message),
        TEST(what_does_not_fit_is_kept),
        TEST(a_peer_that_never_reads_is_bounded),
        TEST(a_message_arrives_byte_by_byte),
        TEST(surplus_fds_are_closed),
        TEST(many_fds_are_closed),
        TEST(fds_inside_a_message_are_refused),
        TEST(missing_fds_are_refused),
        TEST(impossible_lengths_are_refused),
        TEST(garbage_is_refused),
        TEST(a_closed_peer_is_told_after_its_last_message),
        TEST(received_fds_are_above_the_standard_ones),
        TEST(a_call_ends_at_its_deadline),
        TEST(a_call_gets_an_answer_that_was_there_before),
        TEST(bad_fds_are_not_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
