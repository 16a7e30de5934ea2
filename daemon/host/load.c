/*
 * Finding Python and the host, without being linked to either.
 *
 * Linked into libcoil and into the worker, so that neither of them, nor any stub
 * library, needs libpython.  A process that already has a Python keeps it: a
 * second one beside it would share nothing with it.  Everything is loaded
 * RTLD_GLOBAL, because extension modules look for the interpreter's symbols in
 * the process and do not name a library for them; this also helps in a
 * program that was itself loaded with RTLD_LOCAL.
 *
 * Called once, by the client's in-process mode and by the worker's start; nothing
 * is ever unloaded.
 */
#include "daemon/host/host.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/version.h"

#ifndef COIL_LIBPYTHON
#error "COIL_LIBPYTHON: the file name of the shared libpython"
#endif
#ifndef COIL_PYTHON_VERSION
#error "COIL_PYTHON_VERSION: major.minor of the Python the host is built for"
#endif

static const char *loader_words(void)
{
    const char *words = dlerror();

    return words ? words : "the loader gives no reason";
}

/* Looks a function up; POSIX lets the object pointer be copied into a function pointer. */
static void function_find(void *library, const char *name, void *ret_function)
{
    void *address = dlsym(library, name);

    memcpy(ret_function, &address, sizeof address);
}

/* Compares "3.11.2 (main, ...)" with "3.11". */
static int version_check(const char *running, struct coil_error *error)
{
    size_t length = strlen(COIL_PYTHON_VERSION);

    if (strncmp(running, COIL_PYTHON_VERSION, length) == 0 && running[length] == '.')
        return 0;
    return coil_error_set(error, -ELIBBAD,
                          "this process runs Python %.*s, but coil was built for Python %s: use the daemon "
                          "(COIL_MODE=daemon), or coil built with `make PYTHON=...` for that Python",
                          (int)strcspn(running, " "), running, COIL_PYTHON_VERSION);
}

static int python_load(struct coil_error *error)
{
    const char *(*get_version)(void) = NULL;
    int (*is_initialized)(void) = NULL;

    function_find(RTLD_DEFAULT, "Py_IsInitialized", &is_initialized);
    if (!is_initialized && !dlopen(COIL_LIBPYTHON, RTLD_NOW | RTLD_GLOBAL))
        return coil_error_set(error, -ENOENT, "Python %s cannot be loaded (%s): install libpython%s",
                              COIL_PYTHON_VERSION, loader_words(), COIL_PYTHON_VERSION);
    function_find(RTLD_DEFAULT, "Py_GetVersion", &get_version);
    if (!get_version)
        return coil_error_set(error, -ENOENT,
                              "the Python of this process has no Py_GetVersion (%s): install libpython%s",
                              loader_words(), COIL_PYTHON_VERSION);
    return version_check(get_version(), error);
}

int coil_host_load(const char *path, const struct coil_host_api **ret_api, struct coil_error *error)
{
    const struct coil_host_api *api;
    coil_host_get_fn get = NULL;
    void *library;
    int result;

    result = python_load(error);
    if (result < 0)
        return result;
    library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (!library)
        return coil_error_set(error, -ENOENT, "coil's host library cannot be loaded (%s): install coil again",
                              loader_words());
    function_find(library, "coil_host_get", &get);
    if (!get)
        return coil_error_set(error, -ELIBBAD, "'%s' is not coil's host library: install coil again", path);
    api = get();
    if (api->size != sizeof *api || strcmp(api->coil_version, COIL_VERSION) != 0)
        return coil_error_set(error, -ELIBBAD, "'%s' belongs to coil %s, this is coil %s: install one version of both",
                              path, api->coil_version, COIL_VERSION);
    if (strcmp(api->python_version, COIL_PYTHON_VERSION) != 0)
        return coil_error_set(error, -ELIBBAD,
                              "'%s' was built for Python %s, the rest of coil for Python %s: install one build of both",
                              path, api->python_version, COIL_PYTHON_VERSION);
    *ret_api = api;
    return 0;
}

/* ---- which Python a program file is ---- */

/* "python3.12" and whatever follows: "3.12".  False: it is no such name. */
static bool version_of_name(const char *name, char *ret_version, size_t size)
{
    unsigned major, minor;

    if (sscanf(name, "python%u.%u", &major, &minor) != 2)
        return false;
    (void)snprintf(ret_version, size, "%u.%u", major, minor);
    return true;
}

static bool has_library(const char *prefix, const char *name)
{
    char path[PATH_MAX];

    return snprintf(path, sizeof path, "%s/lib/%s/os.py", prefix, name) < (int)sizeof path && access(path, F_OK) == 0;
}

/* By the standard library that lies where a Python in PREFIX/bin looks for it; ours, if it is among several. */
static bool version_of_prefix(const char *prefix, char *ret_version, size_t size)
{
    const struct dirent *entry;
    char path[PATH_MAX];
    bool found = false;
    DIR *folder;

    if (has_library(prefix, "python" COIL_PYTHON_VERSION))
        return false;
    folder = snprintf(path, sizeof path, "%s/lib", prefix) < (int)sizeof path ? opendir(path) : NULL;
    while (folder && !found && (entry = readdir(folder)))
        found = version_of_name(entry->d_name, ret_version, size) && has_library(prefix, entry->d_name);
    if (folder)
        (void)closedir(folder);
    return found;
}

/* Cuts the last part off.  False: there is none. */
static bool to_folder(char *path)
{
    char *slash = strrchr(path, '/');

    if (!slash)
        return false;
    *slash = '\0';
    return true;
}

int coil_host_check_python(const char *path, struct coil_error *error)
{
    char real[PATH_MAX], environment[PATH_MAX], version[32];
    bool known;

    /* A virtual environment is looked at when it is known what was made of it. */
    if (snprintf(environment, sizeof environment, "%s", path) >= (int)sizeof environment || !to_folder(environment) ||
        !to_folder(environment) || strlen(environment) + sizeof "/pyvenv.cfg" > sizeof environment)
        return 0;
    (void)strcat(environment, "/pyvenv.cfg");
    if (access(environment, F_OK) == 0 || !realpath(path, real))
        return 0;
    known = version_of_name(strrchr(real, '/') + 1, version, sizeof version) ||
            (to_folder(real) && to_folder(real) && version_of_prefix(real, version, sizeof version));
    if (!known || strcmp(version, COIL_PYTHON_VERSION) == 0)
        return 0;
    return coil_error_set(error, -ELIBBAD,
                          "COIL_PYTHON is '%s', which is Python %s, but coil was built for Python %s: name one of that "
                          "version, or use coil built with `make PYTHON=...` for Python %s",
                          path, version, COIL_PYTHON_VERSION, version);
}

void coil_host_raise_import_error(const char *text)
{
    void (*set_string)(void *type, const char *text) = NULL;
    void **import_error = dlsym(RTLD_DEFAULT, "PyExc_ImportError");

    function_find(RTLD_DEFAULT, "PyErr_SetString", &set_string);
    if (set_string && import_error)
        set_string(*import_error, text);
}
