/*
 * The daemon's log.
 *
 * Purpose: what happened, for people, in one place.  A daemon that was started on
 * demand must not keep the terminal or the pipes of the program that started it,
 * so its log file replaces stdout and stderr.  A line is one write to a file
 * opened for appending, so that lines of workers and of the supervisor do not mix.
 *
 * Called by every file of this room, on the main thread.
 */
#include "daemon/supervisor/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "proto/cleanup.h"

#define LINE_MAX_SIZE 2048
#define FILE_MAX_SIZE (4 << 20) /* a log that is larger when the daemon starts begins afresh */

int coil_log_open(const char *path, struct coil_error *error)
{
    COIL_CLEANUP(coil_fd_close) int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    struct stat status;

    if (fd < 0)
        return coil_error_set(error, -errno, "cannot open the log file %s: %s", path, strerror(errno));
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > FILE_MAX_SIZE)
        (void)!ftruncate(fd, 0);
    if (dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
        return coil_error_set(error, -errno, "cannot log to %s: %s", path, strerror(errno));
    return 0;
}

int coil_log_fd(void)
{
    return STDERR_FILENO;
}

void coil_log(const char *format, ...)
{
    char line[LINE_MAX_SIZE];
    struct tm parts;
    time_t now = time(NULL);
    va_list arguments;
    size_t used;

    (void)localtime_r(&now, &parts);
    used = strftime(line, sizeof line, "%Y-%m-%d %H:%M:%S coild: ", &parts);
    va_start(arguments, format);
    (void)vsnprintf(line + used, sizeof line - used - 1, format, arguments);
    va_end(arguments);
    /* What a client or a worker sent stays on its own line. */
    for (char *at = line; *at; at++) {
        if (*at == '\n')
            *at = '|';
    }
    used = strlen(line);
    line[used] = '\n';
    (void)!write(coil_log_fd(), line, used + 1);
}
