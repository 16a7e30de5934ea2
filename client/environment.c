/*
 * What the environment variables say.
 *
 * All are read with secure_getenv(): a setuid program ignores them.  The key
 * that chooses a worker is what would choose the interpreter and its modules in this
 * process: the Python that COIL_PYTHON names or PATH finds, and the PYTHON*
 * variables, with relative entries of PYTHONPATH resolved here, because the
 * worker runs in another folder.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/runtime.h"
#include "daemon/host/host.h"
#include "proto/cleanup.h"
#include "proto/message.h"

#define SYSTEM_USER_MAX 999 /* numbers up to here stand for services */

extern char **environ;

/* A worker says so with its process number, so that programs which its handlers start are not taken for workers. */
bool coil_environment_is_worker(void)
{
    const char *worker = secure_getenv("COIL_WORKER");

    return worker && strtol(worker, NULL, 10) == (long)getpid();
}

bool coil_environment_check(void)
{
    const char *check = secure_getenv("COIL_CHECK");

    return check && *check && strcmp(check, "0") != 0;
}

/* A variable has one of these values, or is empty, or not set. */
static int check_value(const char *name, const char *one, const char *other, struct coil_error *error)
{
    const char *value = secure_getenv(name);

    if (!value || !*value || strcmp(value, one) == 0 || strcmp(value, other) == 0)
        return 0;
    return coil_error_set(error, -EINVAL, "%s is '%s': set it to '%s' or '%s', or not at all", name, value, one, other);
}

int coil_environment_validate(struct coil_error *error)
{
    if (check_value("COIL_AUTOSTART", "0", "1", error) < 0 || check_value("COIL_CHECK", "0", "1", error) < 0)
        return error->code;
    return check_value("COIL_ON_ERROR", "return", "abort", error);
}

int coil_environment_mode(enum coil_mode *ret_mode, struct coil_error *error)
{
    const char *mode = secure_getenv("COIL_MODE");

    if (coil_environment_is_worker() || (mode && strcmp(mode, "inprocess") == 0))
        *ret_mode = COIL_MODE_INPROCESS;
    else if (!mode || !*mode || strcmp(mode, "daemon") == 0)
        *ret_mode = COIL_MODE_DAEMON;
    else
        return coil_error_set(error, -EINVAL, "COIL_MODE is '%s': set it to 'daemon' or 'inprocess', or not at all",
                              mode);
    return 0;
}

int coil_environment_interpreter(bool *ret_private, struct coil_error *error)
{
    const char *interpreter = secure_getenv("COIL_INTERPRETER");

    *ret_private = interpreter && strcmp(interpreter, "private") == 0;
    if (*ret_private || !interpreter || !*interpreter || strcmp(interpreter, "shared") == 0)
        return 0;
    return coil_error_set(error, -EINVAL, "COIL_INTERPRETER is '%s': set it to 'shared' or 'private', or not at all",
                          interpreter);
}

uint32_t coil_environment_timeout(void)
{
    static _Atomic bool said; /* relaxed: twice would do no harm */
    const char *text = secure_getenv("COIL_TIMEOUT_MS");
    char *end;
    long number;

    if (!text || !*text)
        return 0;
    errno = 0;
    number = strtol(text, &end, 10);
    if (*text >= '0' && *text <= '9' && !*end && !errno && number <= INT32_MAX)
        return (uint32_t)number;
    if (!atomic_exchange_explicit(&said, true, memory_order_relaxed))
        coil_status_print("COIL_TIMEOUT_MS is '%s', which is no number of milliseconds from 0 (no deadline) to %d: it "
                          "is ignored, and only functions that are declared with timeout() have a deadline",
                          text, INT32_MAX);
    return 0;
}

/* `path` as seen from the current folder. */
static char *absolute(const char *path, size_t length)
{
    COIL_CLEANUP(coil_memory_free) char *folder = NULL;
    char *result = NULL;

    if (length > 0 && path[0] == '/')
        return strndup(path, length);
    folder = getcwd(NULL, 0);
    if (!folder)
        return strndup(path, length);
    if (length == 0)
        return coil_steal_memory(&folder);
    return asprintf(&result, "%s/%.*s", folder, (int)length, path) < 0 ? NULL : result;
}

int coil_environment_python(char **ret_python, struct coil_error *error)
{
    const char *python = secure_getenv("COIL_PYTHON");
    COIL_CLEANUP(coil_memory_free) char *path = NULL;
    struct stat status;

    if (!python || !*python) {
        *ret_python = NULL;
        return 0;
    }
    path = absolute(python, strlen(python));
    if (!path)
        return coil_error_set(error, -ENOMEM, "no memory for the path of a Python");
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return coil_error_set(error, -EISDIR,
                              "COIL_PYTHON is '%s', which is a folder: name the Python in it, such as %s/bin/python",
                              python, python);
    if (access(path, X_OK) < 0)
        return coil_error_set(
            error, -ENOENT,
            "COIL_PYTHON is '%s', which is not a program that can be run: %s; name a Python, such as venv/bin/python",
            python, strerror(errno));
    if (coil_host_check_python(path, error) < 0)
        return error->code;
    *ret_python = coil_steal_memory(&path);
    return 0;
}

/* The first python3 in PATH, or "".  NULL: no memory, which must not look as if another one came first. */
static char *python_in_path(void)
{
    const char *path = secure_getenv("PATH");

    while (path && *path) {
        size_t length = strcspn(path, ":");
        COIL_CLEANUP(coil_memory_free) char *folder = absolute(path, length);
        COIL_CLEANUP(coil_memory_free) char *file = NULL;

        if (!folder || asprintf(&file, "%s/python3", folder) < 0)
            return NULL;
        if (access(file, X_OK) == 0)
            return coil_steal_memory(&file);
        path += length + (path[length] == ':');
    }
    return strdup("");
}

/* "PYTHONPATH=a:/b" with `a` resolved. */
static char *resolve_entries(const char *entries)
{
    COIL_CLEANUP(coil_memory_free) char *text = NULL;
    size_t size = 0;
    COIL_CLEANUP(coil_file_close) FILE *out = open_memstream(&text, &size);
    const char *separator = "PYTHONPATH=";

    if (!out)
        return NULL;
    while (*entries) {
        size_t length = strcspn(entries, ":");
        COIL_CLEANUP(coil_memory_free) char *entry = absolute(entries, length);

        if (!entry)
            return NULL;
        fprintf(out, "%s%s", separator, entry);
        separator = ":";
        entries += length + (entries[length] == ':');
    }
    if (fflush(out) != 0)
        return NULL;
    return strdup(text);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What of the environment the worker's key has; `all`: whatever a private worker gets. */
static bool is_wanted(const char *entry, bool all)
{
    return strchr(entry, '=') && (all || strncmp(entry, "PYTHON", 6) == 0);
}

static int collect_variables(char **variables, bool all)
{
    size_t count = 0;

    for (char **entry = environ; entry && *entry && count < COIL_MESSAGE_STRINGS_MAX - 1; entry++) {
        if (!is_wanted(*entry, all))
            continue;
        if (strncmp(*entry, "PYTHONPATH=", 11) == 0)
            variables[count] = (*entry)[11] ? resolve_entries(*entry + 11) : strdup(*entry);
        else
            variables[count] = strdup(*entry);
        if (!variables[count])
            return -ENOMEM;
        count++;
    }
    if (!all)
        qsort(variables, count, sizeof *variables, compare);
    return 0;
}

/*
 * A program that has got rights by being started is not to be led by its user's daemon.  Users that stand for services
 * have no place for one: nobody would look after it.
 */
const char *coil_environment_disowned(void)
{
    const char *home = secure_getenv("HOME");
    uid_t user = geteuid();
    struct stat status;

    if (getauxval(AT_SECURE))
        return "a setuid program";
    if (user == 0 || user > SYSTEM_USER_MAX ||
        (home && *home == '/' && home[1] && stat(home, &status) == 0 && S_ISDIR(status.st_mode)))
        return NULL;
    return "a system user without a home folder";
}

void coil_environment_deinit(struct coil_environment *environment)
{
    free(environment->python);
    free(environment->cwd);
    for (char **v = environment->variables; v && *v; v++)
        free(*v);
    free(environment->variables);
    *environment = (struct coil_environment){ 0 };
}

int coil_environment_key(bool is_private, struct coil_environment *ret_environment, struct coil_error *error)
{
    struct coil_environment *e = ret_environment;
    int r;

    *e = (struct coil_environment){ 0 };
    r = coil_environment_python(&e->python, error);
    if (r < 0)
        return r;
    if (!e->python)
        e->python = python_in_path();
    e->cwd = is_private ? getcwd(NULL, 0) : NULL;
    if (!e->cwd) /* it may have been removed */
        e->cwd = strdup("");
    e->variables = calloc(COIL_MESSAGE_STRINGS_MAX, sizeof *e->variables);
    if (!e->python || !e->cwd || !e->variables || collect_variables(e->variables, is_private) < 0) {
        coil_environment_deinit(e);
        return coil_error_set(error, -ENOMEM, "no memory for what the environment says of Python");
    }
    return 0;
}
