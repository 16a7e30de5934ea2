/*
 * poll() of one fd, for code that lives in other people's processes.
 *
 * A program that wants no more files sets RLIMIT_NOFILE to 0, and from then on poll() fails with EINVAL, because
 * it takes more fds than the limit.  What it has open works on, and so does select(), which tells less: the end
 * of a connection is told from data by looking at what there is to read.
 */
#include "proto/poll.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/select.h>
#include <sys/socket.h>

#define WORD_BITS (8 * sizeof(unsigned long))
#define FDS_MAX 8192u /* more than a program has that has lowered its limit */

static int hang_up(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    return got == 0 || (got < 0 && (errno == ECONNRESET || errno == ENOTCONN)) ? POLLRDHUP | POLLHUP : 0;
}

static int poll_by_select(int fd, short events, int timeout_ms)
{
    unsigned long readable[FDS_MAX / WORD_BITS] = { 0 }, writable[FDS_MAX / WORD_BITS] = { 0 };
    size_t word = (size_t)fd / WORD_BITS;
    unsigned long bit = 1UL << ((size_t)fd % WORD_BITS);
    struct timeval timeout = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
    int found = 0;
    int r;

    if (fd < 0 || (unsigned)fd >= FDS_MAX)
        return -EINVAL;
    readable[word] = events & (POLLIN | POLLRDHUP) ? bit : 0;
    writable[word] = events & POLLOUT ? bit : 0;
    r = select(fd + 1, (fd_set *)(void *)readable, (fd_set *)(void *)writable, NULL, timeout_ms < 0 ? NULL : &timeout);
    if (r < 0)
        return -errno;
    if (readable[word] & bit)
        found |= (events & POLLIN) | (events & POLLRDHUP ? hang_up(fd) : 0);
    if (writable[word] & bit)
        found |= POLLOUT;
    return found;
}

int coil_poll(int fd, short events, int timeout_ms)
{
    struct pollfd one = { .fd = fd, .events = events };

    if (poll(&one, 1, timeout_ms) >= 0)
        return one.revents;
    return errno == EINVAL ? poll_by_select(fd, events, timeout_ms) : -errno;
}
