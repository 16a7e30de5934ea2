/*
 * The readiness protocol of systemd, as sd_notify(3) documents it: one datagram of text for each piece of news.
 *
 * It is so small that a library would be more than its use: nothing to wait for, nothing to answer.  A socket is made
 * for each datagram, as news are rare.  The daemon works the same whether or not they arrive.
 *
 * Called by main.c, server.c, reload.c and health.c; main thread.
 */
#include "daemon/supervisor/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "proto/cleanup.h"

static void find_address(struct coil_notify *notify)
{
    const char *path = getenv("NOTIFY_SOCKET");
    size_t length = path ? strlen(path) : 0;

    if (length < 2 || length >= sizeof notify->address.sun_path || (*path != '/' && *path != '@'))
        return;
    notify->address.sun_family = AF_UNIX;
    memcpy(notify->address.sun_path, path, length);
    if (*path == '@')
        notify->address.sun_path[0] = '\0';
    /* An abstract name has no end of its own. */
    notify->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (*path == '/'));
}

static uint64_t number_of(const char *name)
{
    const char *text = getenv(name);
    uint64_t number = 0;
    char *end;

    if (text && *text >= '0' && *text <= '9') {
        errno = 0;
        number = strtoull(text, &end, 10);
        if (errno || *end)
            number = 0;
    }
    return number;
}

void coil_notify_init(struct coil_notify *notify)
{
    uint64_t watchdog_us = number_of("WATCHDOG_USEC");

    *notify = (struct coil_notify){ 0 };
    find_address(notify);
    if (notify->address_size && (!getenv("WATCHDOG_PID") || number_of("WATCHDOG_PID") == (uint64_t)getpid()))
        notify->watchdog_ms = watchdog_us > 0 && watchdog_us < 2000 ? 1 : watchdog_us / 1000;
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
}

void coil_notify_send(const struct coil_notify *notify, const char *lines)
{
    static const struct timeval patience = { .tv_sec = 1 };
    COIL_CLEANUP(coil_fd_close) int fd = -1;

    if (!notify->address_size)
        return;
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0)
        (void)sendto(fd, lines, strlen(lines), MSG_NOSIGNAL, (const struct sockaddr *)(const void *)&notify->address,
                     notify->address_size);
}

void coil_notify_reloading(const struct coil_notify *notify)
{
    struct timespec now = { 0 };
    char lines[80];

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    (void)snprintf(lines, sizeof lines, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                   (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
    coil_notify_send(notify, lines);
}
