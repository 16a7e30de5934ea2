/*
 * Finding files beside one's own.
 *
 * The kernel knows the absolute path of every mapped file; argv[0] and the
 * dynamic linker's names may be relative to a folder the program has left.  Any
 * thread; callers are the client (host, coild), coild (worker) and the worker (host).
 */
#include "proto/location.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/cleanup.h"

/* The path of the file that `address` is mapped from. */
static int mapped_file(uintptr_t address, char *ret_path, size_t size)
{
    COIL_CLEANUP(coil_file_close) FILE *maps = fopen("/proc/self/maps", "re");
    char line[PATH_MAX + 128];

    if (!maps)
        return -errno;
    while (fgets(line, sizeof line, maps)) {
        uintptr_t begin, end;
        int path = 0;

        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %*s %*s %*s %n", &begin, &end, &path) < 2 || !path ||
            address < begin || address >= end)
            continue;
        line[strcspn(line, "\n")] = '\0';
        if (line[path] != '/' || strlen(line + path) >= size)
            return -ENAMETOOLONG;
        strcpy(ret_path, line + path);
        return 0;
    }
    return -ENOENT;
}

int coil_location(const char *relative, char *ret_path, size_t size, struct coil_error *error)
{
    char own[PATH_MAX];
    char *slash;
    int r;

    r = mapped_file((uintptr_t)(void *)coil_location, own, sizeof own);
    if (r < 0)
        return coil_error_set(error, r, "coil cannot find its own files: /proc/self/maps: %s", strerror(-r));
    slash = strrchr(own, '/');
    *slash = '\0';
    if ((size_t)snprintf(ret_path, size, "%s/%s", own, relative) >= size)
        return coil_error_set(error, -ENAMETOOLONG, "the path of coil's files is too long: %s/%s", own, relative);
    if (access(ret_path, R_OK) < 0)
        return coil_error_set(error, -ENOENT, "%s is not there: is coil installed completely?", ret_path);
    return 0;
}
