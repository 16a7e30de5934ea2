/*
 * Edited files: when the source of a module that Python has imported changes on disk, the supervisor is told, so
 * that the next program gets an interpreter that has read it.
 *
 * The host says which files there are, and their folders are watched: an editor may write the file anew, or write
 * another one and rename it.  Symbolic links on the way to a file are watched likewise, so that switching one to
 * another release counts.  The first change is all there is to tell.
 *
 * Files are looked for when init code has run, before the program goes on; and by a thread of its own some time after
 * any other import.  Changes are looked for by that thread, which sleeps until inotify has one; and before a new
 * program comes in, so that whoever edits and runs sees the change, however quickly that goes.
 *
 * A file that was written after the import had begun, but before it was watched, counts as changed: whether Python has
 * read it before or after cannot be known.
 *
 * Not noticed: a file that was not there when it was looked for, and what code reads by itself.
 *
 * Locks: `lock` guards the table; it is taken with or without the GIL, and nobody takes the GIL while holding it.
 */
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/worker/worker.h"
#include "proto/cleanup.h"

#define SETTLE_MS 50        /* imports come in crowds */
#define SETTLE_LATE_MS 1000 /* one that takes long is in sys.modules by then */
#define CLOCK_COARSE_MS 12  /* a file's time may be that much before the moment it was written */
#define CHANGES (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR)

/* A name in a folder: of a file, or of a link on the way to one. */
struct entry {
    int folder;       /* inotify's number for it */
    const char *path; /* of the folder */
    const char *name;
};

static struct {
    struct entry *entries;
    size_t entry_count;
    char **paths; /* files that are watched already */
    size_t path_count;
    int inotify;   /* -1: nothing is watched */
    bool was_told; /* of a change */
    bool is_over;  /* so, or because there is no memory */
} watch = { .inotify = -1 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards `watch` */
static int wake_fd = -1;                                 /* an eventfd, for the thread */
static _Atomic bool is_awake; /* something was imported, and the thread knows; relaxed: see coil_watch_imported() */
static _Atomic int64_t import_begun_ms; /* CLOCK_REALTIME, of the first one since then; relaxed, written before */

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void coil_watch_imported(void)
{
    if (wake_fd < 0 || coil_worker_forked || atomic_exchange_explicit(&is_awake, true, memory_order_relaxed))
        return;
    /* With the GIL, and the thread reads it with the GIL. */
    atomic_store_explicit(&import_begun_ms, now_ms(), memory_order_relaxed);
    (void)!write(wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
}

/* ---- what is watched: with the lock ---- */

/* Watches the last part of `path` in its folder. */
static int add_path(const char *path)
{
    COIL_CLEANUP(coil_memory_free) char *folder = strdup(path);
    char *name = folder ? strrchr(folder, '/') : NULL;
    struct entry *grown;
    int number;

    if (!name)
        return folder ? -EINVAL : -ENOMEM;
    *name++ = '\0';
    number = inotify_add_watch(watch.inotify, *folder ? folder : "/", CHANGES);
    if (number < 0)
        return -errno;
    for (size_t i = 0; i < watch.entry_count; i++)
        if (watch.entries[i].folder == number && strcmp(watch.entries[i].name, name) == 0)
            return 0;
    grown = realloc(watch.entries, (watch.entry_count + 1) * sizeof *watch.entries);
    if (!grown)
        return -ENOMEM;
    watch.entries = grown;
    watch.entries[watch.entry_count++] = (struct entry){ number, coil_steal_memory(&folder), name };
    return 0;
}

/* Every part of the path that is a link. */
static int add_links(const char *path)
{
    char part[PATH_MAX];
    int r = 0;

    if (strlen(path) >= sizeof part)
        return -ENAMETOOLONG;
    for (const char *end = strchr(path + 1, '/'); end && r == 0; end = strchr(end + 1, '/')) {
        struct stat status;

        (void)snprintf(part, sizeof part, "%.*s", (int)(end - path), path);
        if (lstat(part, &status) == 0 && S_ISLNK(status.st_mode))
            r = add_path(part);
    }
    return r;
}

static bool is_watched(const char *path)
{
    for (size_t i = 0; i < watch.path_count; i++)
        if (strcmp(watch.paths[i], path) == 0)
            return true;
    return false;
}

static int remember(const char *path)
{
    char *copy = strdup(path);
    char **grown = realloc(watch.paths, (watch.path_count + 1) * sizeof *watch.paths);

    if (grown)
        watch.paths = grown;
    if (!copy || !grown) {
        free(copy);
        return -ENOMEM;
    }
    watch.paths[watch.path_count++] = copy;
    return 0;
}

/* Watches one more file.  1: it has changed already; negative: it cannot be watched. */
static int add_file(const char *path, int64_t begun_ms)
{
    COIL_CLEANUP(coil_memory_free) char *real = realpath(path, NULL);
    struct stat status;
    int64_t changed_ms;
    int r;

    if (!real)
        return errno == ENOENT || errno == ENOTDIR ? remember(path) : -errno; /* in an archive, say */
    r = add_path(path);
    if (r == 0)
        r = add_links(path);
    if (r == 0 && strcmp(real, path) != 0)
        r = add_path(real);
    if (r == 0)
        r = remember(path);
    if (r < 0 || stat(real, &status) < 0)
        return r;
    changed_ms = (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
    return changed_ms >= begun_ms - CLOCK_COARSE_MS && changed_ms <= now_ms();
}

/* ---- what happens: with the lock ---- */

static void tell(const char *what)
{
    const struct coil_message message = { .type = COIL_MESSAGE_CHANGED, .text = what };

    watch.was_told = watch.is_over = true;
    coil_link_say(&message);
}

static void cannot(const char *what, int error)
{
    fprintf(stderr, "coil-worker: changes of %s will not be noticed: %s\n", what, strerror(-error));
}

/* Watches those of the files that are new; all have been imported since `begun_ms`. */
static void add_files(const char *paths, size_t size, int64_t begun_ms)
{
    for (const char *path = paths; path < paths + size && !watch.is_over; path += strlen(path) + 1) {
        int r = is_watched(path) ? 0 : add_file(path, begun_ms);

        if (r > 0)
            tell(path);
        if (r < 0) {
            cannot(path, r);
            watch.is_over = remember(path) < 0;
        }
    }
}

/* Is the event about something that matters?  Then what, for people. */
static bool is_change(const struct inotify_event *event, char *ret_what, size_t size)
{
    if (event->mask & IN_Q_OVERFLOW) {
        (void)snprintf(ret_what, size, "more than can be followed");
        return true;
    }
    for (size_t i = 0; i < watch.entry_count; i++) {
        const struct entry *entry = &watch.entries[i];

        if (entry->folder == event->wd &&
            (event->mask & (IN_MOVE_SELF | IN_DELETE_SELF) || (event->len && strcmp(event->name, entry->name) == 0))) {
            (void)snprintf(ret_what, size, "%s/%s", entry->path, entry->name);
            return true;
        }
    }
    return false;
}

/* Reads what inotify has, without waiting. */
static void read_events(void)
{
    alignas(struct inotify_event) char events[4096];
    char what[PATH_MAX];
    ssize_t size;

    while (!watch.is_over && (size = read(watch.inotify, events, sizeof events)) > 0) {
        for (const char *at = events; at < events + size && !watch.is_over;) {
            const struct inotify_event *event = (const void *)at;

            at += sizeof *event + event->len;
            if (is_change(event, what, sizeof what))
                tell(what);
        }
    }
}

/* ---- who looks ---- */

bool coil_watch_has_changed(void)
{
    bool has_changed = false;

    (void)pthread_mutex_lock(&lock);
    if (watch.inotify >= 0) {
        read_events();
        has_changed = watch.was_told;
    }
    (void)pthread_mutex_unlock(&lock);
    return has_changed;
}

/* The files there are now, and since when they have been imported; with the GIL. */
static void ask_host(char **ret_paths, size_t *ret_size, int64_t *ret_begun_ms)
{
    int r;

    *ret_begun_ms = atomic_load_explicit(&import_begun_ms, memory_order_relaxed);
    atomic_store_explicit(&is_awake, false, memory_order_relaxed);
    r = coil_worker_host->sources(ret_paths, ret_size);
    if (r < 0)
        cannot("edited files", r);
}

static void add_files_locked(const char *paths, size_t size, int64_t begun_ms)
{
    (void)pthread_mutex_lock(&lock);
    add_files(paths, size, begun_ms);
    (void)pthread_mutex_unlock(&lock);
}

void coil_watch_look(void)
{
    COIL_CLEANUP(coil_memory_free) char *paths = NULL;
    int64_t begun_ms;
    size_t size = 0;

    if (wake_fd < 0 || coil_worker_forked || !atomic_load_explicit(&is_awake, memory_order_relaxed))
        return;
    ask_host(&paths, &size, &begun_ms);
    add_files_locked(paths, size, begun_ms);
}

/* The same, without keeping the GIL for longer than the host needs it. */
static void look_later(struct coil_host_thread *thread)
{
    COIL_CLEANUP(coil_memory_free) char *paths = NULL;
    int64_t begun_ms;
    size_t size = 0;

    coil_worker_host->enter(thread);
    ask_host(&paths, &size, &begun_ms);
    coil_worker_host->leave(thread);
    add_files_locked(paths, size, begun_ms);
}

/* Waits for a change, or for `timeout_ms`.  True: there is nothing more to do. */
static bool wait_for_change(int timeout_ms)
{
    struct pollfd change = { .fd = watch.inotify, .events = POLLIN };

    (void)poll(&change, 1, timeout_ms);
    return coil_watch_has_changed();
}

static bool serve_once(struct coil_host_thread *thread)
{
    struct pollfd news[] = { { .fd = watch.inotify, .events = POLLIN }, { .fd = wake_fd, .events = POLLIN } };
    uint64_t count;

    (void)poll(news, 2, -1);
    if (coil_watch_has_changed())
        return true;
    if (read(wake_fd, &count, sizeof count) < 0)
        return false;
    if (wait_for_change(SETTLE_MS))
        return true;
    look_later(thread);
    if (wait_for_change(SETTLE_LATE_MS))
        return true;
    look_later(thread);
    return false;
}

static void *watch_main(void *argument)
{
    struct coil_host_thread *thread = coil_worker_host->thread_attach(NULL);

    (void)argument;
    while (thread && !serve_once(thread))
        ;
    coil_worker_host->thread_detach(thread);
    return NULL;
}

static int start_thread(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int r;

    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    r = pthread_create(&thread, &attributes, watch_main, NULL);
    (void)pthread_attr_destroy(&attributes);
    return -r;
}

int coil_watch_start(struct coil_error *error)
{
    int r;

    watch.inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    r = watch.inotify < 0 ? -errno : 0;
    wake_fd = r == 0 ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
    if (r == 0 && wake_fd < 0)
        r = -errno;
    if (r == 0) {
        coil_watch_imported(); /* what Python's start has imported */
        r = start_thread();
    }
    return r == 0 ? 0 : coil_error_set(error, r, "edited files will not be noticed: %s", strerror(-r));
}
