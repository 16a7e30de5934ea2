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
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "proto/cleanup.h"
#include "proto/clock.h"

#define LINE_MAX_SIZE 2048
#define LINES_AT_ONCE 2000u
#define LINES_PER_SECOND 20
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

static void write_line(const char *format, va_list arguments)
{
    char line[LINE_MAX_SIZE];
    struct tm parts;
    time_t now = time(NULL);
    size_t used;

    (void)localtime_r(&now, &parts);
    used = strftime(line, sizeof line, "%Y-%m-%d %H:%M:%S coild: ", &parts);
    (void)vsnprintf(line + used, sizeof line - used - 1, format, arguments);
    /* What a client or a worker sent stays on its own line. */
    for (char *at = line; *at; at++) {
        if (*at == '\n')
            *at = '|';
    }
    used = strlen(line);
    line[used] = '\n';
    (void)!write(coil_log_fd(), line, used + 1);
}

/*
 * Whether a line may be written now: a client that does nothing but what must be told could fill the disk.  A few
 * thousand at once are told, and then as many as somebody could read.
 */
static bool may_write(void)
{
    static int64_t refilled_ms;
    static unsigned left = LINES_AT_ONCE;
    int64_t now_ms = coil_clock_ms(), fresh = (now_ms - refilled_ms) * LINES_PER_SECOND / 1000;

    if (fresh > 0) {
        refilled_ms = now_ms;
        left = fresh >= (int64_t)(LINES_AT_ONCE - left) ? LINES_AT_ONCE : left + (unsigned)fresh;
    }
    if (left == 0)
        return false;
    left--;
    return true;
}

static void write_words(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void write_words(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    write_line(format, arguments);
    va_end(arguments);
}

void coil_log(const char *format, ...)
{
    static unsigned long left_out;
    va_list arguments;

    if (!may_write()) {
        left_out++;
        return;
    }
    if (left_out)
        write_words("%lu lines were left out here: there were too many at once", left_out);
    left_out = 0;
    va_start(arguments, format);
    write_line(format, arguments);
    va_end(arguments);
}
