/*
 * The cleanup attribute, one idiom for every owning local.
 *
 *     COIL_CLEANUP(coil_fd_close) int fd = -1;        closed on every return
 *     *ret_fd = coil_steal_fd(&fd);                   handed over
 */
#ifndef COIL_CLEANUP_H
#define COIL_CLEANUP_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define COIL_CLEANUP(function) __attribute__((cleanup(function)))

/* Closes *fd if it is open; keeps errno. */
static inline void coil_fd_close(int *fd)
{
    if (*fd >= 0) {
        int saved = errno;

        (void)close(*fd);
        errno = saved;
        *fd = -1;
    }
}

static inline int coil_steal_fd(int *fd)
{
    int stolen = *fd;

    *fd = -1;
    return stolen;
}

/* Frees what a local pointer of any type points to: COIL_CLEANUP(coil_memory_free) char *text = NULL; */
static inline void coil_memory_free(void *pointer)
{
    free(*(void **)pointer);
}

static inline void *coil_steal_memory(void *pointer)
{
    void *stolen = *(void **)pointer;

    *(void **)pointer = NULL;
    return stolen;
}

static inline void coil_file_close(FILE **file)
{
    if (*file)
        (void)fclose(*file);
    *file = NULL;
}

#endif
