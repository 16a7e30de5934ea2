/*
 * The folder of the socket.
 *
 * Purpose: at most one daemon per socket path, and a path that nobody else can
 * have prepared.  The lock file decides who is the daemon, never the socket file:
 * a socket file may be stale, and testing and replacing it is only safe for
 * the one who holds the lock.
 *
 * The lock file is removed at the end while it is still locked.  Whoever opened it
 * just before has locked a file without a name, so after locking, the name is
 * compared with what was locked.
 *
 * Called by main.c before the loop runs (it may wait here), and by server.c at
 * the end.
 */
#include "daemon/supervisor/runtime_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "proto/cleanup.h"
#include "proto/fault.h"

#define HOLDER_WAIT_MS                                                                                                 \
    10000 /* for a holder of the lock that does not listen: it starts, or stops, which takes longer */
#define HOLDER_POLL_MS 20

static void sleep_ms(long ms)
{
    struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

    (void)nanosleep(&time, NULL);
}

/* A folder that is ours alone; anything else might be someone's trap. */
static int check_private(const char *folder, struct coil_error *error)
{
    struct stat status;

    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return coil_error_set(error, -errno,
                              "cannot create the runtime folder %s: %s; make its parent folder "
                              "writable, or set COIL_SOCKET",
                              folder, strerror(errno));
    if (lstat(folder, &status) < 0)
        return coil_error_set(error, -errno, "cannot examine the runtime folder %s: %s", folder, strerror(errno));
    if (S_ISLNK(status.st_mode))
        return coil_error_set(error, -ENOTDIR, "the runtime folder %s is a symbolic link: remove it", folder);
    if (!S_ISDIR(status.st_mode))
        return coil_error_set(error, -ENOTDIR, "the runtime folder %s is not a folder: remove it", folder);
    if (status.st_uid != geteuid())
        return coil_error_set(error, -EPERM,
                              "the runtime folder %s belongs to user %u, not to user %u: have it "
                              "removed, or set COIL_SOCKET",
                              folder, (unsigned)status.st_uid, (unsigned)geteuid());
    if (status.st_mode & 0077)
        return coil_error_set(error, -EPERM,
                              "the runtime folder %s is open to other users (mode %04o): "
                              "run chmod 700 %s",
                              folder, (unsigned)status.st_mode & 07777, folder);
    return 0;
}

static void set_address(struct sockaddr_un *address, const char *path)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, strnlen(path, sizeof address->sun_path - 1));
}

/* True if some process listens at the path. */
static bool is_served(const char *path)
{
    COIL_CLEANUP(coil_fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_un address;

    set_address(&address, path);
    return fd >= 0 && (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EAGAIN);
}

/* Takes the lock.  1: another process has it.  -ESTALE: what was locked has lost its name. */
static int lock(const char *path, int *ret_fd, struct coil_error *error)
{
    COIL_CLEANUP(coil_fd_close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat locked;
    struct stat named;
    char pid[32];

    if (fd < 0 && errno == ENOENT)
        return coil_error_set(error, -errno,
                              "cannot create %s: its folder does not exist; create it, or set COIL_SOCKET", path);
    if (fd < 0)
        return coil_error_set(error, -errno, "cannot create %s: %s; make its folder writable, or set COIL_SOCKET", path,
                              strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? 1 : coil_error_set(error, -errno, "cannot lock %s: %s", path, strerror(errno));
    if (fstat(fd, &locked) < 0 || stat(path, &named) < 0 || locked.st_ino != named.st_ino ||
        locked.st_dev != named.st_dev)
        return -ESTALE;
    (void)snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    (void)!ftruncate(fd, 0);
    (void)!pwrite(fd, pid, strlen(pid), 0);
    *ret_fd = coil_steal_fd(&fd);
    COIL_FAULT("daemon.locked");
    return 0;
}

/* Locks, or finds out that a living daemon has the lock (1). */
static int lock_or_find(struct coil_runtime_dir *runtime, struct coil_error *error)
{
    for (int waited_ms = 0;; waited_ms += HOLDER_POLL_MS) {
        int r = lock(runtime->lock_path, &runtime->lock_fd, error);

        if (r == -ESTALE)
            continue;
        if (r <= 0)
            return r;
        if (is_served(runtime->socket_path))
            return 1;
        if (waited_ms >= HOLDER_WAIT_MS)
            return coil_error_set(error, -EBUSY,
                                  "another coild holds %s but does not listen at %s: stop it (its pid "
                                  "is in the file)",
                                  runtime->lock_path, runtime->socket_path);
        sleep_ms(HOLDER_POLL_MS);
    }
}

/* With the lock held: a socket file that nobody serves is stale. */
static int remove_stale(const char *path, struct coil_error *error)
{
    struct stat status;

    if (lstat(path, &status) < 0)
        return errno == ENOENT ? 0 : coil_error_set(error, -errno, "cannot examine %s: %s", path, strerror(errno));
    if (!S_ISSOCK(status.st_mode))
        return coil_error_set(error, -EEXIST, "%s exists and is not a socket: choose another path", path);
    if (is_served(path))
        return coil_error_set(error, -EADDRINUSE, "another program listens at %s: choose another path", path);
    if (unlink(path) < 0)
        return coil_error_set(error, -errno, "cannot remove the stale socket %s: %s", path, strerror(errno));
    return 0;
}

static int start_listening(struct coil_runtime_dir *runtime, struct coil_error *error)
{
    COIL_CLEANUP(coil_fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_un address;
    mode_t mask;
    int r;

    if (fd < 0)
        return coil_error_set(error, -errno, "cannot create a socket: %s", strerror(errno));
    set_address(&address, runtime->socket_path);
    mask = umask(runtime->is_public ? 0111 : 0177);
    r = bind(fd, (struct sockaddr *)&address, sizeof address);
    (void)umask(mask);
    if (r < 0)
        return coil_error_set(error, -errno, "cannot create the socket %s: %s", runtime->socket_path, strerror(errno));
    runtime->bound = true;
    COIL_FAULT("daemon.bound");
    if (listen(fd, COIL_RUNTIME_DIR_BACKLOG) < 0)
        return coil_error_set(error, -errno, "cannot listen at %s: %s", runtime->socket_path, strerror(errno));
    runtime->listen_fd = coil_steal_fd(&fd);
    return 0;
}

int coil_runtime_dir_acquire(struct coil_runtime_dir *runtime, bool private_folder, struct coil_error *error)
{
    char folder[COIL_SOCKET_PATH_MAX];
    int r;

    runtime->lock_fd = -1;
    runtime->listen_fd = -1;
    (void)snprintf(runtime->lock_path, sizeof runtime->lock_path, "%s.lock", runtime->socket_path);
    memcpy(folder, runtime->socket_path, sizeof folder);
    if (private_folder) {
        r = check_private(dirname(folder), error);
        if (r < 0)
            return r;
    }
    r = lock_or_find(runtime, error);
    if (r != 0)
        return r;
    r = remove_stale(runtime->socket_path, error);
    if (r == 0)
        r = start_listening(runtime, error);
    if (r < 0)
        coil_runtime_dir_release(runtime);
    return r;
}

void coil_runtime_dir_unlisten(struct coil_runtime_dir *runtime)
{
    coil_fd_close(&runtime->listen_fd);
    COIL_FAULT("daemon.deaf");
    if (runtime->bound)
        (void)unlink(runtime->socket_path);
    runtime->bound = false;
}

void coil_runtime_dir_release(struct coil_runtime_dir *runtime)
{
    coil_runtime_dir_unlisten(runtime);
    COIL_FAULT("daemon.unlinked");
    if (runtime->lock_fd >= 0)
        (void)unlink(runtime->lock_path);
    COIL_FAULT("daemon.unlocked");
    coil_fd_close(&runtime->lock_fd);
}
