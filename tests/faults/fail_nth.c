/*
 * Makes the Nth call of something that can fail do so.
 *
 * Loaded with LD_PRELOAD.  Only calls that come from the libraries or the program named in FAIL_NTH_IN (by the caller's
 * address) are counted, whoever else is in the process.  The file that FAIL_NTH names is mapped; the test writes it, or
 * the program that is tested: see struct control.
 *
 * Every wrapped function is one WRAP() below, which tests/faults/nth.py reads: it compares them with what is imported.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct control {
    _Atomic int32_t on;
    _Atomic int32_t left;   /* calls until the one that fails */
    int32_t sticky;         /* all calls after it fail, too */
    _Atomic int32_t failed; /* how many have */
    char name[48];          /* of the first that did */
};

static struct control *control;
static struct {
    uintptr_t begin, end;
} places[8];
static unsigned place_count;

static int note_place(struct dl_phdr_info *info, size_t size, void *context)
{
    const char *name = info->dlpi_name && *info->dlpi_name ? info->dlpi_name : "program";
    const char *base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
    char wanted[256], *rest, *word;

    (void)size;
    snprintf(wanted, sizeof wanted, "%s", (const char *)context);
    for (word = strtok_r(wanted, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        if (strncmp(base, word, strlen(word)) != 0)
            continue;
        for (int i = 0; i < info->dlpi_phnum && place_count < 8; i++) {
            const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

            if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
                continue;
            places[place_count].begin = info->dlpi_addr + segment->p_vaddr;
            places[place_count++].end = info->dlpi_addr + segment->p_vaddr + segment->p_memsz;
        }
    }
    return 0;
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FAIL_NTH"), *where = getenv("FAIL_NTH_IN");
    int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
    void *got;

    if (fd < 0 || !where)
        return;
    dl_iterate_phdr(note_place, (void *)(uintptr_t)where);
    got = (void *)syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)syscall(SYS_close, fd);
    if (got != MAP_FAILED)
        control = got;
}

static bool is_due(const void *caller, const char *name)
{
    bool inside = false;
    int32_t left;

    if (!control || !atomic_load(&control->on))
        return false;
    for (unsigned i = 0; i < place_count; i++)
        inside = inside || ((uintptr_t)caller >= places[i].begin && (uintptr_t)caller < places[i].end);
    if (!inside)
        return false;
    left = atomic_fetch_sub(&control->left, 1);
    if (left != 1 && !(left < 1 && control->sticky))
        return false;
    if (atomic_fetch_add(&control->failed, 1) == 0)
        snprintf(control->name, sizeof control->name, "%s", name);
    return true;
}

/* WRAP(type, function, (parameters), (arguments), what a failure returns, its errno) */
#define WRAP(type, function, parameters, arguments, failure, number)                                                   \
    type function parameters;                                                                                          \
    type function parameters                                                                                           \
    {                                                                                                                  \
        static type(*_Atomic next) parameters;                                                                         \
        if (is_due(__builtin_return_address(0), #function)) {                                                          \
            errno = number;                                                                                            \
            return failure;                                                                                            \
        }                                                                                                              \
        if (!next)                                                                                                     \
            next = (type(*) parameters)dlsym(RTLD_NEXT, #function);                                                    \
        return next arguments;                                                                                         \
    }

/* The same for what dlsym() itself may need. */
#define WRAP_ALLOCATOR(function, parameters, arguments)                                                                \
    void *__libc_##function parameters;                                                                                \
    void *function parameters;                                                                                         \
    void *function parameters                                                                                          \
    {                                                                                                                  \
        if (is_due(__builtin_return_address(0), #function)) {                                                          \
            errno = ENOMEM;                                                                                            \
            return NULL;                                                                                               \
        }                                                                                                              \
        return __libc_##function arguments;                                                                            \
    }

#pragma GCC diagnostic ignored "-Wredundant-decls"
#pragma GCC diagnostic ignored "-Wnonnull-compare"

struct uv_loop;
struct uv_handle;
struct ucred;

/* clang-format off */
WRAP_ALLOCATOR(malloc, (size_t size), (size))
WRAP_ALLOCATOR(calloc, (size_t count, size_t size), (count, size))
WRAP_ALLOCATOR(realloc, (void *old, size_t size), (old, size))
WRAP(void *, reallocarray, (void *old, size_t count, size_t size), (old, count, size), NULL, ENOMEM)
WRAP(void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size), NULL, ENOMEM)
WRAP(char *, strdup, (const char *s), (s), NULL, ENOMEM)
WRAP(char *, strndup, (const char *s, size_t n), (s, n), NULL, ENOMEM)
WRAP(FILE *, open_memstream, (char **text, size_t *size), (text, size), NULL, ENOMEM)
WRAP(FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL, EMFILE)
WRAP(FILE *, fdopen, (int fd, const char *mode), (fd, mode), NULL, ENOMEM)
WRAP(DIR *, opendir, (const char *path), (path), NULL, EMFILE)
WRAP(int, scandirat, (int folder, const char *path, struct dirent ***entries, int (*filter)(const struct dirent *), int (*compare)(const struct dirent **, const struct dirent **)), (folder, path, entries, filter, compare), -1, ENOMEM)
WRAP(int, glob, (const char *pattern, int flags, int (*failed)(const char *, int), glob_t *found), (pattern, flags, failed, found), GLOB_NOSPACE, ENOMEM)
WRAP(int, posix_spawn, (pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]), (pid, path, actions, attributes, argv, envp), EAGAIN, EAGAIN)
WRAP(int, posix_spawn_file_actions_init, (posix_spawn_file_actions_t *actions), (actions), ENOMEM, ENOMEM)
WRAP(char *, realpath, (const char *path, char *to), (path, to), NULL, ENOMEM)
WRAP(char *, getcwd, (char *path, size_t size), (path, size), NULL, ENOMEM)
WRAP(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1, EMFILE)
WRAP(int, socketpair, (int domain, int type, int protocol, int fds[2]), (domain, type, protocol, fds), -1, EMFILE)
WRAP(int, connect, (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size), -1, EAGAIN)
WRAP(int, bind, (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size), -1, ENOSPC)
WRAP(int, listen, (int fd, int backlog), (fd, backlog), -1, EOPNOTSUPP)
WRAP(int, accept4, (int fd, struct sockaddr *from, socklen_t *size, int flags), (fd, from, size, flags), -1, EMFILE)
WRAP(int, getsockopt, (int fd, int level, int name, void *value, socklen_t *size), (fd, level, name, value, size), -1, ENOBUFS)
WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags), -1, ENOBUFS)
WRAP(ssize_t, send, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags), -1, ENOBUFS)
WRAP(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags), -1, ENOMEM)
WRAP(int, memfd_create, (const char *name, unsigned flags), (name, flags), -1, ENFILE)
WRAP(int, ftruncate, (int fd, off_t size), (fd, size), -1, EIO)
WRAP(int, fallocate, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size), -1, ENOSPC)
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), -1, EPERM)
WRAP(int, flock, (int fd, int what), (fd, what), -1, ENOLCK)
WRAP(void *, mmap, (void *at, size_t size, int protection, int flags, int fd, off_t offset), (at, size, protection, flags, fd, offset), MAP_FAILED, ENOMEM)
WRAP(int, madvise, (void *at, size_t size, int advice), (at, size, advice), -1, ENOMEM)
WRAP(int, pipe2, (int fds[2], int flags), (fds, flags), -1, EMFILE)
WRAP(int, pthread_setspecific, (pthread_key_t key, const void *value), (key, value), ENOMEM, ENOMEM)
WRAP(int, pthread_create, (pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument), (thread, attributes, run, argument), EAGAIN, EAGAIN)
WRAP(ssize_t, getrandom, (void *to, size_t size, unsigned flags), (to, size, flags), -1, ENOSYS)
WRAP(int, stat, (const char *path, struct stat *status), (path, status), -1, EACCES)
WRAP(int, lstat, (const char *path, struct stat *status), (path, status), -1, EACCES)
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode), -1, ENOSPC)
WRAP(ssize_t, readlink, (const char *path, char *to, size_t size), (path, to, size), -1, ENOMEM)
WRAP(int, pidfd_open, (pid_t pid, unsigned flags), (pid, flags), -1, EMFILE)
WRAP(void *, ffi_closure_alloc, (size_t size, void **code), (size, code), NULL, ENOMEM)
WRAP(int, uv_poll_init, (struct uv_loop *loop, struct uv_handle *handle, int fd), (loop, handle, fd), -ENOMEM, ENOMEM)
WRAP(int, uv_loop_init, (struct uv_loop *loop), (loop), -EMFILE, EMFILE)
/* clang-format on */

int open(const char *path, int flags, ...)
{
    static int (*_Atomic next)(const char *, int, ...);
    va_list arguments;
    int mode;

    va_start(arguments, flags);
    mode = flags & O_CREAT ? va_arg(arguments, int) : 0;
    va_end(arguments);
    if (is_due(__builtin_return_address(0), "open")) {
        errno = EMFILE;
        return -1;
    }
    if (!next)
        next = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    return next(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    static int (*_Atomic next)(int, const char *, int, ...);
    va_list arguments;
    int mode;

    va_start(arguments, flags);
    mode = flags & O_CREAT ? va_arg(arguments, int) : 0;
    va_end(arguments);
    if (is_due(__builtin_return_address(0), "openat")) {
        errno = EMFILE;
        return -1;
    }
    if (!next)
        next = (int (*)(int, const char *, int, ...))dlsym(RTLD_NEXT, "openat");
    return next(folder, path, flags, mode);
}

int fcntl(int fd, int command, ...)
{
    static int (*_Atomic next)(int, int, ...);
    va_list arguments;
    long argument;

    va_start(arguments, command);
    argument = va_arg(arguments, long);
    va_end(arguments);
    if (is_due(__builtin_return_address(0), "fcntl")) {
        errno = command == F_ADD_SEALS ? EPERM : EMFILE;
        return -1;
    }
    if (!next)
        next = (int (*)(int, int, ...))dlsym(RTLD_NEXT, "fcntl");
    return next(fd, command, argument);
}

/* By libuv for coild, which is the only other caller. */
pid_t fork(void)
{
    static pid_t (*_Atomic next)(void);

    if (is_due((const void *)places[0].begin, "fork")) {
        errno = EAGAIN;
        return -1;
    }
    if (!next)
        next = (pid_t(*)(void))dlsym(RTLD_NEXT, "fork");
    return next();
}

/* Of the system calls that are made directly, those that make a process. */
long syscall(long number, ...)
{
    static long (*_Atomic next)(long, ...);
    va_list arguments;
    long a[6];

    va_start(arguments, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(arguments, long);
    va_end(arguments);
    if (number == SYS_clone && is_due(__builtin_return_address(0), "syscall")) {
        errno = EAGAIN;
        return -1;
    }
    if (!next)
        next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int vasprintf(char **text, const char *format, va_list arguments)
{
    static int (*_Atomic next)(char **, const char *, va_list);

    if (is_due(__builtin_return_address(0), "vasprintf")) {
        errno = ENOMEM;
        return -1;
    }
    if (!next)
        next = (int (*)(char **, const char *, va_list))dlsym(RTLD_NEXT, "vasprintf");
    return next(text, format, arguments);
}

int asprintf(char **text, const char *format, ...)
{
    va_list arguments;
    int r;

    if (is_due(__builtin_return_address(0), "asprintf")) {
        errno = ENOMEM;
        return -1;
    }
    va_start(arguments, format);
    r = vasprintf(text, format, arguments);
    va_end(arguments);
    return r;
}
