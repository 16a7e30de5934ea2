/*
 * Is there memory for something large?
 *
 * Putting memory behind more than the machine has ends a process that did nothing
 * wrong; so whoever is about to do so asks here first, and says so in an error.  Any thread.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/runtime.h"
#include "proto/cleanup.h"

#define SMALL (UINT64_C(16) << 20) /* bytes that are not worth asking for */

/* A line of /proc/meminfo, in bytes; 0: there is none. */
static uint64_t value_of(const char *text, const char *name)
{
    const char *line = strstr(text, name);
    unsigned long long value;

    return line && sscanf(line + strlen(name), " %llu", &value) == 1 ? value * 1024 : 0;
}

bool coil_memory_is_available(uint64_t size)
{
    COIL_CLEANUP(coil_fd_close) int fd = -1;
    char text[4096];
    uint64_t available;
    ssize_t got;

    if (size < SMALL)
        return true;
    fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
    got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (got <= 0)
        return true;
    text[got] = '\0';
    available = value_of(text, "MemAvailable:");
    return available == 0 || size <= available + value_of(text, "SwapFree:");
}
