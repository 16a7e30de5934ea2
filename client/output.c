/*
 * What Python prints, through the program's own stdio.
 *
 * The bytes go through C's own FILE, and are flushed at once, so their order with
 * what the program prints holds on a terminal, in a pipe and in a file.  Writing to a
 * pipe that nobody reads must not kill the program, so SIGPIPE is held back for
 * this thread while it writes, and taken away if the write raised it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "client/runtime.h"
#include "daemon/host/host.h"

void coil_output_write(int stream, const void *text, size_t size)
{
    FILE *file = stream == COIL_HOST_STDERR ? stderr : stdout;
    const struct timespec now = { 0, 0 };
    sigset_t sigpipe, before, pending;
    int saved = errno;

    (void)sigemptyset(&sigpipe);
    (void)sigaddset(&sigpipe, SIGPIPE);
    (void)sigpending(&pending);
    (void)pthread_sigmask(SIG_BLOCK, &sigpipe, &before);

    if ((fwrite(text, 1, size, file) < size || fflush(file) != 0) && errno == EPIPE && !sigismember(&pending, SIGPIPE))
        while (sigtimedwait(&sigpipe, NULL, &now) < 0 && errno == EINTR)
            ;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = saved;
}
