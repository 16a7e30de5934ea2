/*
 * Shared memory, made by the supervisor.
 *
 * Purpose: neither side depends on the other's good will for the size of what both
 * have mapped.  It is sparse: what nobody writes costs nothing.
 *
 * Called by session.c and heap.c, main thread.
 */
#include "daemon/supervisor/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/cleanup.h"

int coil_memory_make(const char *name, uint64_t size, const char *what, int *ret_fd, struct coil_error *error)
{
    COIL_CLEANUP(coil_fd_close) int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0 || ftruncate(fd, (off_t)size) < 0 || fchmod(fd, 0600) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        return coil_error_set(error, -errno, "cannot make shared memory for %s: %s", what, strerror(errno));
    *ret_fd = coil_steal_fd(&fd);
    return 0;
}
