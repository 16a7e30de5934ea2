/*
 * Fault points: what happens at one.
 *
 * The control file says which point is armed and at which passage it acts; the count is taken down by all processes
 * together, so it acts once, whichever process comes there.  It acts by killing its own process, or by telling that it
 * has come there and waiting, on this thread alone, until the test has killed another process and lets it go on.
 *
 * The control file is the test's, tests/faults/control.py has the same layout.
 */
#include "proto/fault.h"

#ifdef COIL_FAULTS

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "proto/cleanup.h"
#include "proto/ring.h"

#define WAIT_MAX_MS 60000 /* a test that has died lets nobody go on */

enum action { ACTION_KILL = 1, ACTION_STOP = 2 };

/* Written by the test before it arms, and by whoever acts. */
struct control {
    _Atomic int32_t armed; /* passages of `point` until it acts; 0: not armed.  Acquire, with the test's store of it */
    int32_t action;        /* enum action */
    _Atomic int32_t acted; /* the process that has acted; release, for the test */
    _Atomic int32_t go;    /* the test: a process that has stopped goes on */
    _Atomic int32_t tracing; /* the test: passages are listed in the file NAME.trace */
    char point[108];         /* role:name, ends with a NUL */
};

static const char *role(void)
{
    static _Atomic(const char *) known; /* relaxed: every thread finds the same */
    const char *found = atomic_load_explicit(&known, memory_order_relaxed);
    char path[PATH_MAX];
    ssize_t size;

    if (found)
        return found;
    size = readlink("/proc/self/exe", path, sizeof path - 1);
    path[size > 0 ? size : 0] = '\0';
    found = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    found = strcmp(found, "coild") == 0         ? "supervisor"
            : strcmp(found, "coil-worker") == 0 ? "worker"
            : strcmp(found, "coilctl") == 0     ? "ctl"
                                                : "client";
    atomic_store_explicit(&known, found, memory_order_relaxed);
    return found;
}

/* NULL: no test wants anything. */
static struct control *control_map(void)
{
    static _Atomic(struct control *) known; /* relaxed: the mapping never changes */
    struct control *control = atomic_load_explicit(&known, memory_order_relaxed);
    const char *path = secure_getenv("COIL_FAULT");
    COIL_CLEANUP(coil_fd_close) int fd = -1;
    void *got;

    if (control || !path)
        return control;
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    got = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (got == MAP_FAILED)
        return NULL;
    atomic_store_explicit(&known, got, memory_order_relaxed);
    return got;
}

static void list(const char *name)
{
    char path[PATH_MAX], line[160];
    COIL_CLEANUP(coil_fd_close) int fd = -1;

    (void)snprintf(path, sizeof path, "%s.trace", secure_getenv("COIL_FAULT"));
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    (void)snprintf(line, sizeof line, "%s\n", name);
    (void)!write(fd, line, strlen(line));
}

static void act(struct control *control)
{
    const struct timespec moment = { 0, 1000000 };

    atomic_store_explicit(&control->acted, (int32_t)getpid(), memory_order_release);
    if (control->action == ACTION_KILL)
        (void)kill(getpid(), SIGKILL);
    for (unsigned i = 0; i < WAIT_MAX_MS && !atomic_load_explicit(&control->go, memory_order_acquire); i++)
        (void)nanosleep(&moment, NULL);
}

void coil_fault_pass(const char *point, const char *detail)
{
    int saved = errno;
    struct control *control = control_map();
    char name[sizeof control->point];

    if (control && (atomic_load_explicit(&control->tracing, memory_order_relaxed) ||
                    atomic_load_explicit(&control->armed, memory_order_acquire) > 0)) {
        (void)snprintf(name, sizeof name, "%s:%s%s%s", role(), point, detail ? "." : "", detail ? detail : "");
        if (atomic_load_explicit(&control->tracing, memory_order_relaxed))
            list(name);
        if (atomic_load_explicit(&control->armed, memory_order_acquire) > 0 && strcmp(control->point, name) == 0 &&
            atomic_fetch_sub_explicit(&control->armed, 1, memory_order_acq_rel) == 1)
            act(control);
    }
    errno = saved;
}

const char *coil_fault_record_name(unsigned kind)
{
    static const char *const names[] = {
        [COIL_RECORD_PAD] = "pad",         [COIL_RECORD_CALL] = "call",
        [COIL_RECORD_OPEN] = "open",       [COIL_RECORD_RESET] = "reset",
        [COIL_RECORD_RETURN] = "return",   [COIL_RECORD_OPENED] = "opened",
        [COIL_RECORD_FAILED] = "failed",   [COIL_RECORD_RESET_DONE] = "reset_done",
        [COIL_RECORD_TEXT] = "text",       [COIL_RECORD_ASK] = "ask",
        [COIL_RECORD_ANSWER] = "answer",   [COIL_RECORD_FLUSH] = "flush",
        [COIL_RECORD_FLUSHED] = "flushed", [COIL_RECORD_SERVE] = "serve",
    };

    return kind < sizeof names / sizeof *names && names[kind] ? names[kind] : "unknown";
}

#endif
