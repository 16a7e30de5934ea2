/*
 * A program without standard streams, while it attaches.
 *
 * The next file that is opened gets the lowest number that is free, and what is printed meanwhile goes there.  So
 * these numbers are taken by files that cannot be written or read, as if they were closed, until our own
 * have numbers above them.  Somebody else may put a file of the program's there at the same time: that one stays.
 *
 * With the attach lock.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "client/remote/remote.h"

void coil_standard_fds_hold(struct coil_standard_fds *held)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        held->fds[fd] = (struct coil_own_fd){ .fd = -1 };
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        int opened;

        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        opened = open("/", O_PATH | O_CLOEXEC);
        if (opened > STDERR_FILENO) /* another thread was faster */
            (void)close(opened);
        else if (opened >= 0)
            held->fds[opened] = coil_own_fd_of(opened);
    }
}

void coil_standard_fds_release(struct coil_standard_fds *held)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (held->fds[fd].fd == fd && coil_own_fd_check(&held->fds[fd]))
            (void)close(fd);
}
