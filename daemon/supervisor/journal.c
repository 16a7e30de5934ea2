/*
 * systemd's journal.
 *
 * Purpose: what goes to stderr arrives in the journal as well, but as text alone.  By the journal's own protocol a line
 * has fields that can be asked for: journalctl COIL_MODULE=calc, or COIL_CLIENT_UID=1003.  A message is a datagram of
 * lines FIELD=value (systemd.io/JOURNAL_NATIVE_PROTOCOL); a value with a newline in it has its length in front.
 *
 * Nobody waits for the journal: what it does not take at once goes to stderr.  Called by log.c, main thread.
 */
#include "daemon/supervisor/journal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/cleanup.h"

#define PRIORITY_INFO 6

static int journal = -1;

bool coil_journal_is_stderr(const char *stream)
{
    unsigned long long device, inode;
    struct stat status;
    char rest;

    return stream && sscanf(stream, "%llu:%llu%c", &device, &inode, &rest) == 2 && fstat(STDERR_FILENO, &status) == 0 &&
           status.st_dev == device && status.st_ino == inode;
}

int coil_journal_open(const char *path)
{
    COIL_CLEANUP(coil_fd_close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (fd < 0)
        return -errno;
    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        return -errno;
    coil_journal_close();
    journal = coil_steal_fd(&fd);
    return 0;
}

void coil_journal_close(void)
{
    coil_fd_close(&journal);
}

/* FIELD=value, or with the value's length if it has more than one line. */
static void write_text(FILE *out, const char *field, const char *value)
{
    size_t size = strlen(value);

    if (!strchr(value, '\n')) {
        (void)fprintf(out, "%s=%s\n", field, value);
        return;
    }
    (void)fprintf(out, "%s\n", field);
    for (unsigned i = 0; i < 8; i++)
        (void)fputc((int)((uint64_t)size >> (8 * i) & 0xff), out);
    (void)fprintf(out, "%s\n", value);
}

bool coil_journal_send(const char *text, const struct coil_log_about *about)
{
    COIL_CLEANUP(coil_memory_free) char *message = NULL;
    size_t size = 0;
    FILE *out;
    ssize_t sent;

    if (journal < 0)
        return false;
    out = open_memstream(&message, &size);
    if (!out)
        return false;
    write_text(out, "MESSAGE", text);
    (void)fprintf(out, "PRIORITY=%d\nSYSLOG_IDENTIFIER=coild\nSYSLOG_PID=%d\n", PRIORITY_INFO, (int)getpid());
    if (about) {
        (void)fprintf(out, "COIL_CLIENT_PID=%d\nCOIL_CLIENT_UID=%u\n", (int)about->pid, (unsigned)about->uid);
        if (about->module && *about->module)
            write_text(out, "COIL_MODULE", about->module);
    }
    if (fclose(out) != 0)
        return false;
    do
        sent = send(journal, message, size, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent >= 0;
}
