/* What a service manager wants to know of the daemon: that it is ready, reloads, stops, and is well. */
#ifndef COIL_SUPERVISOR_NOTIFY_H
#define COIL_SUPERVISOR_NOTIFY_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Zeroed: there is no service manager, and nothing is sent. */
struct coil_notify {
    struct sockaddr_un address; /* NOTIFY_SOCKET; abstract ones begin with a NUL */
    socklen_t address_size;     /* 0: nobody wants to know */
    uint64_t watchdog_ms;       /* how long it waits for a sign of life; 0: it does not */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and forgets them.  A value that makes no sense counts as none.
 */
void coil_notify_init(struct coil_notify *notify);

/* Sends lines of VARIABLE=VALUE.  Whoever does not take them is waited for no longer than a second. */
void coil_notify_send(const struct coil_notify *notify, const char *lines);

/* RELOADING=1, with the time, as a service manager that has asked for a reload wants it. */
void coil_notify_reloading(const struct coil_notify *notify);

#endif
