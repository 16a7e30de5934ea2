/*
 * What Python may know of this process: coil.environ(), coil.cwd().
 *
 * Read when it is asked for, on the thread that waits for Python.  A thread that changes the environment meanwhile
 * races with this one, as it would with any other reader.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/runtime.h"

extern char **environ;

int coil_process_environment(char **ret_texts, size_t *ret_size, struct coil_error *error)
{
    size_t size = 0, used = 0;
    char *texts;

    for (char **entry = environ; entry && *entry; entry++)
        size += strlen(*entry) + 1;
    texts = malloc(size ? size : 1);
    if (!texts)
        return coil_error_set(error, -ENOMEM, "no memory for the environment");
    for (char **entry = environ; entry && *entry; entry++) {
        size_t length = strlen(*entry) + 1;

        if (length > size - used)
            break; /* it has grown meanwhile */
        memcpy(texts + used, *entry, length);
        used += length;
    }
    *ret_texts = texts;
    *ret_size = used;
    return 0;
}

int coil_process_folder(char *path, size_t size, struct coil_error *error)
{
    if (getcwd(path, size))
        return 0;
    return coil_error_set(error, errno == ERANGE ? -EINVAL : -errno, "the program's current folder: %s",
                          strerror(errno));
}
