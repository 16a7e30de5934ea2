/*
 * Files of Python for C: a FILE of the program for an fd of the worker.
 *
 * The program takes the worker's open file itself, so that position and everything else are shared, as CFFI's dup() has
 * it; the worker allows it for that moment (PR_SET_PTRACER).  Where the system forbids it all the same, the file
 * is opened anew if that makes no difference: for pipes, terminals and files that are appended to.
 *
 * The FILE has no buffer, so that what C and Python write comes in order, and is closed when the call has ended for
 * which it was lent.
 *
 * Called by ask.c and by whoever ends a call; the thread that waits for the handler.
 */
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "client/remote/ask.h"
#include "proto/cleanup.h"

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

struct coil_lent_file {
    struct coil_lent_file *next;
    FILE *file;
    uint32_t level; /* of the call: it ends with that */
};

static const char *const modes[COIL_FILE_COUNT] = { "r", "r+", "w", "w+", "a", "a+" };

/* The `flags` that /proc shows of an fd; -1: it shows none. */
static int flags_of(pid_t process, int fd)
{
    COIL_CLEANUP(coil_file_close) FILE *file = NULL;
    char path[64], line[128];
    int flags = -1;

    (void)snprintf(path, sizeof path, "/proc/%ld/fdinfo/%d", (long)process, fd);
    file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "flags: %o", (unsigned *)&flags) == 1)
            return flags;
    return -1;
}

/* Opens the file that an fd of the worker leads to, if it has no position that would be another one then. */
static int reopen(pid_t process, int fd)
{
    int flags = flags_of(process, fd), opened;
    struct stat status;
    char path[64];

    if (flags < 0)
        return -EPERM;
    (void)snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)process, fd);
    if (stat(path, &status) < 0 ||
        !(S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode) || (flags & O_APPEND && S_ISREG(status.st_mode))))
        return -EPERM;
    opened = open(path, (flags & (O_ACCMODE | O_APPEND)) | O_CLOEXEC | O_NOCTTY);
    return opened < 0 ? -errno : opened;
}

/* A descriptor of our own for the worker's. */
static int take_fd(const struct coil_session *session, int fd, struct coil_error *error)
{
    long taken = syscall(SYS_pidfd_getfd, session->pidfd.fd, fd, 0u);
    int r;

    if (taken >= 0)
        return (int)taken; /* it is close-on-exec */
    if (errno == EBADF)
        return coil_error_set(error, -EINVAL, "the file is not open in Python any more");
    r = reopen(session->worker, fd);
    if (r >= 0)
        return r;
    return coil_error_set(error, -EINVAL,
                          "the system does not let the program have Python's file (%s; kernel.yama.ptrace_scope?): open "
                          "it in C, or write to it in Python",
                          strerror(-r));
}

static int lend(struct coil_channel *channel, int fd, uint32_t mode, FILE **ret_file, struct coil_error *error)
{
    COIL_CLEANUP(coil_memory_free) struct coil_lent_file *lent = malloc(sizeof *lent);
    COIL_CLEANUP(coil_fd_close) int own = take_fd(channel->session, fd, error);

    if (own < 0)
        return own;
    if (!lent)
        return coil_error_set(error, -ENOMEM, "no memory for a file");
    *lent = (struct coil_lent_file){ .next = channel->files, .level = channel->level_count - 1 };
    lent->file = fdopen(own, modes[mode]);
    if (!lent->file)
        return coil_error_set(error, -EINVAL, "no FILE with mode \"%s\" can be had for it: %s", modes[mode],
                              strerror(errno));
    (void)coil_steal_fd(&own);
    (void)setvbuf(lent->file, NULL, _IONBF, 0);
    *ret_file = lent->file;
    channel->files = coil_steal_memory(&lent);
    return 0;
}

int coil_ask_file(const struct coil_ask_request *q, struct coil_ask_answer *answer, struct coil_error *error)
{
    FILE *file = NULL;
    uint64_t address;
    uint32_t mode;
    int32_t fd;
    int r = 0;

    if (q->payload_size != sizeof fd + sizeof mode)
        return coil_error_set(error, -EINVAL, "the request has a wrong size");
    memcpy(&fd, q->payload, sizeof fd);
    memcpy(&mode, q->payload + sizeof fd, sizeof mode);
    if (mode >= COIL_FILE_COUNT || fd < COIL_FILE_STDERR)
        return coil_error_set(error, -EINVAL, "a file of an unknown kind");
    if (fd < 0)
        file = fd == COIL_FILE_STDOUT ? stdout : stderr;
    else
        r = lend(q->scope->channel, fd, mode, &file, error);
    if (r < 0)
        return r;
    address = (uint64_t)(uintptr_t)file;
    if (!coil_ask_answer_take(answer, sizeof address, error))
        return -ENOMEM;
    memcpy(answer->bytes, &address, sizeof address);
    return 0;
}

void coil_files_close(struct coil_channel *channel, uint32_t level)
{
    while (channel->files && channel->files->level > level) {
        struct coil_lent_file *lent = channel->files;

        channel->files = lent->next;
        (void)fclose(lent->file);
        free(lent);
    }
}
