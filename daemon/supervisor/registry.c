/*
 * The modules of a system daemon.
 *
 * Purpose: a descriptor has Python code in it, so a daemon that serves several users takes none from a program: what it
 * runs was put into a folder by whoever may write there.  That has to be nobody but root, or the daemon's own user (who
 * could do the same to its memory): folder and files are looked at once they are open, so that what was looked at is
 * what is read.  A program names its module by the hash of the whole descriptor; it gets that one, or none.
 *
 * Called by configure.c, at the start and at each reload, by attach.c and succession.c; main thread.
 */
#include "daemon/supervisor/registry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/cleanup.h"
#include "proto/location.h"

#define FILE_END ".coil"

/* Reading one folder. */
struct reading {
    struct coil_registry registry;
    const char *folder;
    FILE *mistakes;
    bool is_wrong;
};

static void closedirp(DIR **folder)
{
    if (*folder)
        (void)closedir(*folder);
}

static void free_entries(struct dirent ***entries)
{
    free(*entries);
}

void coil_registry_deinit(struct coil_registry *registry)
{
    for (size_t i = 0; i < registry->count; i++)
        coil_stored_unref(registry->modules[i]);
    free(registry->modules);
    *registry = (struct coil_registry){ 0 };
}

int coil_registry_folder(char *ret, size_t size, struct coil_error *error)
{
    char own[PATH_MAX], prefix[PATH_MAX];
    int r = coil_location("..", own, sizeof own, error);

    if (r < 0)
        return r;
    if (!realpath(own, prefix))
        return coil_error_set(error, -errno, "cannot find the folder of modules beside %s: %s", own, strerror(errno));
    if ((size_t)snprintf(ret, size, "%s%s", strcmp(prefix, "/") == 0 ? "" : prefix, "/" COIL_MODULES_FROM_PREFIX) >= size)
        return coil_error_set(error, -ENAMETOOLONG, "the path of the folder of modules is too long");
    return 0;
}

/* What is wrong with who may write it; NULL: nothing. */
static const char *find_fault(const struct stat *status)
{
    if (status->st_uid != 0 && status->st_uid != geteuid())
        return "it belongs neither to root nor to the daemon's user: chown root it";
    if (status->st_mode & 0022)
        return "others may write it: chmod go-w it";
    return NULL;
}

static void say(struct reading *reading, const char *name, const char *what)
{
    reading->is_wrong = true;
    (void)fprintf(reading->mistakes, "%s%s%s: %s\n", reading->folder, *name ? "/" : "", name, what);
}

static int add(struct reading *reading, struct coil_stored **stored)
{
    struct coil_registry *registry = &reading->registry;
    struct coil_stored **more = realloc(registry->modules, (registry->count + 1) * sizeof *more);

    if (!more)
        return -ENOMEM;
    registry->modules = more;
    more[registry->count++] = *stored;
    *stored = NULL;
    return 0;
}

/* As much of the file as `size` says, if there is so much. */
static int read_all(int fd, char *data, size_t size)
{
    size_t used = 0;

    while (used < size) {
        ssize_t got = read(fd, data + used, size - used);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : -ESTALE;
        used += (size_t)got;
    }
    return 0;
}

/* Opens a file of which nothing is known yet.  NULL: it is one to read; else what is wrong with it. */
static const char *open_file(int folder, const char *name, int *ret_fd, size_t *ret_size)
{
    COIL_CLEANUP(coil_fd_close) int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    const char *fault;
    struct stat status;

    if (fd < 0)
        return errno == ELOOP ? "it is a symbolic link: put the file itself there" : strerror(errno);
    if (fstat(fd, &status) < 0)
        return strerror(errno);
    if (!S_ISREG(status.st_mode))
        return "it is not a file";
    fault = find_fault(&status);
    if (fault)
        return fault;
    if (status.st_size == 0 || status.st_size > (off_t)COIL_IMAGE_SIZE_MAX)
        return "it is no descriptor: its size is that of none";
    *ret_fd = coil_steal_fd(&fd);
    *ret_size = (size_t)status.st_size;
    return NULL;
}

static int read_file(struct reading *reading, int folder, const char *name)
{
    COIL_CLEANUP(coil_memory_free) char *image = NULL;
    COIL_CLEANUP(coil_stored_unrefp) struct coil_stored *stored = NULL;
    COIL_CLEANUP(coil_fd_close) int fd = -1;
    struct coil_error error;
    const char *fault;
    size_t size = 0;
    int r;

    fault = open_file(folder, name, &fd, &size);
    if (fault) {
        say(reading, name, fault);
        return 0;
    }
    image = malloc(size);
    if (!image)
        return -ENOMEM;
    r = read_all(fd, image, size);
    if (r < 0) {
        say(reading, name, r == -ESTALE ? "it became shorter while it was read" : strerror(-r));
        return 0;
    }
    r = coil_stored_new(image, size, NULL, &stored, &error);
    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        (void)coil_error_prepend(&error, "it is no descriptor of this coil's: register the module again");
        say(reading, name, error.text);
        return 0;
    }
    return add(reading, &stored);
}

static int is_descriptor(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name), end = sizeof FILE_END - 1;

    return entry->d_name[0] != '.' && length > end && strcmp(entry->d_name + length - end, FILE_END) == 0;
}

static int read_files(struct reading *reading, int folder)
{
    COIL_CLEANUP(free_entries) struct dirent **entries = NULL;
    int count = scandirat(folder, ".", &entries, is_descriptor, alphasort);
    int r = 0;

    if (count < 0 && errno == ENOMEM)
        return -ENOMEM;
    if (count < 0)
        say(reading, "", strerror(errno));
    for (int i = 0; i < count; i++) {
        if (r == 0)
            r = read_file(reading, folder, entries[i]->d_name);
        free(entries[i]);
    }
    return r;
}

static int read_folder(struct reading *reading, bool must_exist)
{
    COIL_CLEANUP(closedirp) DIR *folder = opendir(reading->folder);
    const char *fault;
    struct stat status;

    if (!folder && errno == ENOENT && !must_exist)
        return 0;
    if (!folder && errno == ENOMEM)
        return -ENOMEM;
    if (!folder) {
        say(reading, "", errno == ENOENT ? "this folder of modules is not there" : strerror(errno));
        return 0;
    }
    if (fstat(dirfd(folder), &status) < 0) {
        say(reading, "", strerror(errno));
        return 0;
    }
    fault = find_fault(&status);
    if (fault) {
        say(reading, "", fault);
        return 0;
    }
    return read_files(reading, dirfd(folder));
}

int coil_registry_load(const char *folder, FILE *mistakes, struct coil_registry *ret_registry)
{
    struct reading reading = { .folder = folder, .mistakes = mistakes };
    struct coil_error error;
    char usual[PATH_MAX];
    int r = 0;

    if (!folder) {
        r = coil_registry_folder(usual, sizeof usual, &error);
        reading.folder = usual;
    }
    if (r < 0) {
        (void)fprintf(mistakes, "%s\n", error.text);
        return -EINVAL;
    }
    r = read_folder(&reading, folder != NULL);
    if (r == 0 && !reading.is_wrong) {
        *ret_registry = reading.registry;
        return 0;
    }
    coil_registry_deinit(&reading.registry);
    return r < 0 ? r : -EINVAL;
}

int coil_registry_find(const struct coil_registry *registry, const char *name, const uint8_t hash[COIL_HASH_SIZE],
                       struct coil_stored **ret_stored, struct coil_error *error)
{
    bool has_name = false;

    for (size_t i = 0; i < registry->count; i++) {
        struct coil_stored *stored = registry->modules[i];

        if (memcmp(stored->hash, hash, COIL_HASH_SIZE) == 0) {
            *ret_stored = coil_stored_ref(stored);
            return 0;
        }
        has_name = has_name || strcmp(coil_image_name(stored->image), name) == 0;
    }
    if (has_name)
        return coil_error_set(error, -ESTALE,
                              "another version of the module is registered with the system's daemon: register this one "
                              "(coil-stubgen --register), or run a program that was built with the registered one");
    return coil_error_set(error, -ENOENT,
                          "the module is not registered with the system's daemon: have it registered (coil-stubgen "
                          "--register) and the daemon reloaded (coilctl --system reload)");
}

bool coil_registry_has(const struct coil_registry *registry, const uint8_t hash[COIL_HASH_SIZE])
{
    for (size_t i = 0; i < registry->count; i++) {
        if (memcmp(registry->modules[i]->hash, hash, COIL_HASH_SIZE) == 0)
            return true;
    }
    return false;
}
