/*
 * Becoming a daemon.
 *
 * Purpose: a daemon that a program started on demand inherits that program's
 * fds, signals, limits and folder.  Any fd kept would hold up whoever waits for
 * the end of a pipe; any ignored signal would reach the workers.
 *
 * Called by main.c, before there are threads or handles.
 */
#include "daemon/supervisor/process.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define USUAL_FILES 1024 /* Linux gives every process so many, if nobody says otherwise */

static void close_inherited(int ready_fd)
{
    unsigned first = STDERR_FILENO + 1;

    if (ready_fd >= (int)first) {
        if (ready_fd > (int)first)
            (void)close_range(first, (unsigned)ready_fd - 1, 0);
        first = (unsigned)ready_fd + 1;
        (void)fcntl(ready_fd, F_SETFD, FD_CLOEXEC);
    }
    (void)close_range(first, UINT_MAX, 0);
}

/* A closed standard fd would be given to the next file that is opened. */
static void fill_standard_fds(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        (void)close(fd);
}

static void reset_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* an error is told to the program; a signal would end all */
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

void coil_process_prepare(int ready_fd, bool detach, struct rlimit *ret_files)
{
    /* Those that a program may have lowered for itself, and that would end the daemon or its workers. */
    static const int limits[] = { RLIMIT_AS, RLIMIT_CORE, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_RSS };
    struct rlimit files;

    close_inherited(ready_fd);
    fill_standard_fds();
    reset_signals();
    (void)umask(077);
    (void)!chdir("/");
    if (detach)
        (void)setsid();
    for (size_t i = 0; detach && i < sizeof limits / sizeof *limits; i++) {
        struct rlimit limit;

        if (getrlimit(limits[i], &limit) == 0 && limit.rlim_cur != limit.rlim_max) {
            limit.rlim_cur = limit.rlim_max;
            (void)setrlimit(limits[i], &limit);
        }
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        *ret_files = files;
        if (detach && files.rlim_cur < USUAL_FILES)
            ret_files->rlim_cur = files.rlim_max < USUAL_FILES ? files.rlim_max : USUAL_FILES;
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

void coil_process_silence(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)dup2(fd, STDIN_FILENO);
    (void)close(fd);
}
