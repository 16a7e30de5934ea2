/* Clients of servers: where the server is, and whole reads and writes. */
#ifndef COIL_BENCH_CONNECTION_H
#define COIL_BENCH_CONNECTION_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The harness says where. */
static inline const char *connection_path(void)
{
    const char *path = getenv("BENCH_SOCKET");

    if (!path) {
        fprintf(stderr, "BENCH_SOCKET is not set\n");
        exit(2);
    }
    return path;
}

static inline int connection_open(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", connection_path());
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        perror("connect");
        exit(2);
    }
    return fd;
}

static inline void connection_write(int fd, const char *data, size_t size)
{
    while (size) {
        ssize_t n = write(fd, data, size);

        if (n < 0 && errno != EINTR)
            abort();
        if (n > 0) {
            data += n;
            size -= (size_t)n;
        }
    }
}

#endif
