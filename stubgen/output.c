/*
 * Files in and out.  A file that would not change is left alone, so that make does
 * not build again what is the same; any other is written beside its place and
 * moved there.  Used by the command line's part of coil-stubgen (main.c, build.c).
 */
#include "stubgen/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/cleanup.h"

#define FILE_SIZE_MAX (256u << 20)

int coil_file_read(struct coil_arena *arena, const char *path, char **ret_text, size_t *ret_size,
                   struct coil_error *error)
{
    COIL_CLEANUP(coil_fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct coil_buffer buffer = COIL_BUFFER_INIT(arena);
    char part[65536];
    ssize_t size;

    if (fd < 0)
        return coil_error_set(error, -errno, "cannot read %s: %s", path, strerror(errno));
    coil_buffer_put(&buffer, "", 0);
    while ((size = read(fd, part, sizeof part)) != 0) {
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return coil_error_set(error, -errno, "cannot read %s: %s", path, strerror(errno));
        coil_buffer_put(&buffer, part, (size_t)size);
        if (buffer.size > FILE_SIZE_MAX)
            return coil_error_set(error, -EFBIG, "cannot read %s: it is too large", path);
    }
    *ret_text = buffer.text;
    *ret_size = buffer.size;
    return 0;
}

char *coil_file_folder(struct coil_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return coil_arena_printf(arena, ".");
    return coil_arena_copy(arena, path, slash == path ? 1 : (size_t)(slash - path));
}

int coil_file_make_folders(struct coil_arena *arena, const char *path, struct coil_error *error)
{
    char *folder = coil_arena_copy(arena, path, strlen(path));

    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0777) < 0 && errno != EEXIST)
            return coil_error_set(error, -errno, "cannot make the folder %s: %s", folder, strerror(errno));
        *slash = '/';
    }
    return 0;
}

static bool has_content(struct coil_arena *arena, const char *path, const void *data, size_t size)
{
    struct stat status;
    char *text;
    size_t old_size;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && (size_t)status.st_size == size &&
           coil_file_read(arena, path, &text, &old_size, NULL) == 0 && old_size == size &&
           memcmp(text, data, size) == 0;
}

static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, data, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        data += written;
        size -= (size_t)written;
    }
    return 0;
}

int coil_file_write(struct coil_arena *arena, const char *path, const void *data, size_t size, unsigned mode,
                    struct coil_error *error)
{
    char *temporary = coil_arena_printf(arena, "%s.XXXXXX", path);
    COIL_CLEANUP(coil_fd_close) int fd = -1;
    mode_t mask = umask(0);
    int r;

    (void)umask(mask);
    if (has_content(arena, path, data, size))
        return 0;
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return coil_error_set(error, -errno, "cannot write %s: %s", path, strerror(errno));
    r = write_all(fd, data, size);
    if (r == 0 && (fchmod(fd, (mode_t)mode & ~mask) < 0 || rename(temporary, path) < 0))
        r = -errno;
    if (r < 0) {
        (void)unlink(temporary);
        return coil_error_set(error, r, "cannot write %s: %s", path, strerror(-r));
    }
    return 0;
}
