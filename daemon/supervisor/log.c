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
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/supervisor/journal.h"
#include "proto/cleanup.h"
#include "proto/clock.h"

#define LINE_MAX_SIZE 2048
#define NAME_MAX_SIZE 512 /* of a module's name, as far as it is shown */
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
    coil_journal_close();
    return 0;
}

int coil_log_fd(void)
{
    return STDERR_FILENO;
}

/* What a client or a worker sent stays on its own line. */
static void join_lines(char *text)
{
    for (char *at = text; *at; at++) {
        if (*at == '\n')
            *at = '|';
    }
}

static void write_line(const struct coil_log_about *about, const char *format, va_list arguments)
{
    char line[LINE_MAX_SIZE];
    struct tm parts;
    time_t now = time(NULL);
    size_t begin, used;

    (void)localtime_r(&now, &parts);
    used = begin = strftime(line, sizeof line, "%Y-%m-%d %H:%M:%S coild: ", &parts);
    if (about)
        used += (size_t)snprintf(line + used, sizeof line - used, "client pid %d uid %u: ", (int)about->pid,
                                 (unsigned)about->uid);
    if (about && about->module && *about->module)
        used += (size_t)snprintf(line + used, sizeof line - used, "module \"%.*s\": ", NAME_MAX_SIZE, about->module);
    (void)vsnprintf(line + used, sizeof line - used - 1, format, arguments);
    join_lines(line);
    if (coil_journal_send(line + begin, about))
        return;
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
    write_line(NULL, format, arguments);
    va_end(arguments);
}

static void log_line(const struct coil_log_about *about, const char *format, va_list arguments)
{
    static unsigned long left_out;

    if (!may_write()) {
        left_out++;
        return;
    }
    if (left_out)
        write_words("%lu lines were left out here: there were too many at once", left_out);
    left_out = 0;
    write_line(about, format, arguments);
}

void coil_log(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_line(NULL, format, arguments);
    va_end(arguments);
}

void coil_log_about(const struct coil_log_about *about, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_line(about, format, arguments);
    va_end(arguments);
}

void coil_log_to_journal(void)
{
    if (coil_journal_is_stderr(getenv("JOURNAL_STREAM")))
        (void)coil_journal_open(COIL_JOURNAL_SOCKET); /* else its lines are without fields */
    (void)unsetenv("JOURNAL_STREAM");
}
