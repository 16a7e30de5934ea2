/*
 * Making a module known to the system's daemon: its descriptor goes into the daemon's folder of modules, in one step, so
 * that a daemon that reads it meanwhile finds the old one or the new one.  The daemon takes only what belongs to root
 * and what nobody else may write, and its user has to be able to read it: the modes do not depend on the umask.
 */
#include "stubgen/register.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "stubgen/output.h"

/* "0123456789abcdef..." */
static const char *hash_text(struct coil_arena *arena, const struct coil_descriptor *image)
{
    uint8_t hash[COIL_HASH_SIZE];
    struct coil_buffer text = COIL_BUFFER_INIT(arena);

    coil_descriptor_hash(image, hash);
    for (size_t i = 0; i < sizeof hash; i++)
        coil_buffer_printf(&text, "%02x", hash[i]);
    return text.text;
}

static int write_descriptor(struct coil_arena *arena, const char *path, const void *image, size_t size,
                            struct coil_error *error)
{
    mode_t mask = umask(0022);
    int r = coil_file_make_folders(arena, path, error);

    if (r == 0)
        r = coil_file_write(arena, path, image, size, 0644, error);
    /* The same file as before keeps the mode that it had. */
    if (r == 0 && chmod(path, 0644) < 0)
        r = coil_error_set(error, -errno, "cannot let everybody read %s: %s", path, strerror(errno));
    (void)umask(mask);
    return r;
}

int coil_register(struct coil_arena *arena, const char *folder, const struct coil_descriptor *image, size_t size,
                  struct coil_error *error)
{
    const char *name = coil_image_name(image);
    const char *path = coil_arena_printf(arena, "%s/%s.coil", folder, name);
    int r;

    if (!*name || *name == '.' || strchr(name, '/'))
        return coil_error_set(error, -EBADMSG, "a module of the name '%s' cannot be registered", name);
    r = write_descriptor(arena, path, image, size, error);
    if (r == -EACCES || r == -EPERM || r == -EROFS)
        return coil_error_prepend(error, "module '%s' cannot be registered: run this as root, or say --into FOLDER", name);
    if (r < 0)
        return coil_error_prepend(error, "module '%s' cannot be registered", name);
    if (printf("module '%s' (%.16s) is registered as %s: coilctl --system reload lets the system's daemon serve it\n", name,
               hash_text(arena, image), path) < 0)
        return coil_error_set(error, -EIO, "cannot write to stdout");
    return 0;
}
