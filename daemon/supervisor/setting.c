/*
 * What coild can be told.
 *
 * Purpose: one table, so that a setting has the same name, meaning and bounds on the command line and in a file.  Both
 * begin with nothing said, and are laid over what holds if nobody says anything.
 *
 * Called by main.c, config.c and configure.c; nothing is allocated.
 */
#include "daemon/supervisor/setting.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum form { NUMBER, SIZE, PATH, PLACE };

static const struct row {
    const char *name;
    enum form form;
    size_t offset;
    uint64_t max;
} rows[] = {
    { "idle-timeout", NUMBER, offsetof(struct coil_settings, idle_timeout_s), COIL_SETTING_TIME_MAX_S },
    { "drain-timeout", NUMBER, offsetof(struct coil_settings, drain_timeout_s), COIL_SETTING_TIME_MAX_S },
    { "warm-workers", NUMBER, offsetof(struct coil_settings, warm_workers), 1000000 },
    { "recycle-calls", NUMBER, offsetof(struct coil_settings, recycle_calls), UINT64_C(1000000000000) },
    { "recycle-memory", SIZE, offsetof(struct coil_settings, recycle_memory), UINT64_C(1) << 60 },
    { "recycle-age", NUMBER, offsetof(struct coil_settings, recycle_age_s), COIL_SETTING_TIME_MAX_S },
    { "max-call-ms", NUMBER, offsetof(struct coil_settings, max_call_ms), INT32_MAX },
    { "gil-timeout-ms", NUMBER, offsetof(struct coil_settings, gil_timeout_ms), INT32_MAX },
    { "user-connections", NUMBER, offsetof(struct coil_settings, user_connections), UINT32_MAX },
    { "user-programs", NUMBER, offsetof(struct coil_settings, user_programs), UINT32_MAX },
    { "user-threads", NUMBER, offsetof(struct coil_settings, user_threads), UINT32_MAX },
    { "message-rate", NUMBER, offsetof(struct coil_settings, message_rate), 1000000000 },
    { "handshake-timeout", NUMBER, offsetof(struct coil_settings, handshake_timeout_s), COIL_SETTING_TIME_MAX_S },
    { "log", PATH, offsetof(struct coil_settings, log), 0 },
    { "interpreters", NUMBER, offsetof(struct coil_settings, interpreters), COIL_SETTING_INTERPRETERS_MAX },
    { "modules", PLACE, offsetof(struct coil_settings, modules), 0 },
    { "python", PLACE, offsetof(struct coil_settings, python), 0 },
};
#define ROW_COUNT (sizeof rows / sizeof *rows)

void coil_settings_init(struct coil_settings *settings)
{
    *settings = (struct coil_settings){ .idle_timeout_s = COIL_SETTING_IDLE_TIMEOUT_S,
                                        .drain_timeout_s = COIL_SETTING_DRAIN_TIMEOUT_S,
                                        .warm_workers = COIL_SETTING_WARM_WORKERS,
                                        .gil_timeout_ms = COIL_SETTING_GIL_TIMEOUT_MS,
                                        .interpreters = 1,
                                        .user_connections = COIL_SETTING_USER_CONNECTIONS,
                                        .user_programs = COIL_SETTING_USER_PROGRAMS,
                                        .user_threads = COIL_SETTING_USER_THREADS,
                                        .message_rate = COIL_SETTING_MESSAGE_RATE,
                                        .handshake_timeout_s = COIL_SETTING_HANDSHAKE_TIMEOUT_S };
}

/* Digits, and what stands behind them.  False: none, or too many. */
static bool parse_digits(const char *text, const char **ret_rest, uint64_t *ret_number)
{
    char *end;
    unsigned long long number;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno)
        return false;
    *ret_rest = end;
    *ret_number = number;
    return true;
}

int coil_setting_number(const char *text, uint64_t max, const char *what, uint64_t *ret_number,
                        struct coil_error *error)
{
    const char *rest;
    uint64_t number;

    if (!parse_digits(text, &rest, &number) || *rest || number > max)
        return coil_error_set(error, -EINVAL, "%s needs a number from 0 to %llu, not \"%.100s\"", what,
                              (unsigned long long)max, text);
    *ret_number = number;
    return 0;
}

/* "512M" */
static int parse_size(const char *text, uint64_t max, const char *what, uint64_t *ret_size, struct coil_error *error)
{
    static const char units[] = "KMG";
    const char *rest = "";
    const char *unit = NULL;
    uint64_t number = 0;
    unsigned shift;
    bool is_right = parse_digits(text, &rest, &number);

    if (is_right && *rest)
        unit = strchr(units, *rest & ~0x20);
    shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    if (!is_right || (*rest && (!unit || rest[1])) || number > max >> shift)
        return coil_error_set(error, -EINVAL, "%s needs a number of bytes, such as 512M, not \"%.100s\"", what, text);
    *ret_size = number << shift;
    return 0;
}

static int parse_path(const char *text, const char *what, char ret_path[PATH_MAX], struct coil_error *error)
{
    if (!*text)
        return coil_error_set(error, -EINVAL, "%s needs the path of a file, or \"-\" for stderr", what);
    if (strlen(text) >= PATH_MAX)
        return coil_error_set(error, -EINVAL, "%s has a path that is too long", what);
    memcpy(ret_path, text, strlen(text) + 1);
    return 0;
}

/* Of something that a daemon in another folder has to find. */
static int parse_place(const char *text, const char *what, char ret_path[PATH_MAX], struct coil_error *error)
{
    if (*text != '/')
        return coil_error_set(error, -EINVAL, "%s needs an absolute path, not \"%.100s\"", what, text);
    return parse_path(text, what, ret_path, error);
}

int coil_setting_set(struct coil_settings *settings, const char *name, const char *value, const char *what,
                     struct coil_error *error)
{
    size_t i = 0;
    void *at;
    int r;

    while (i < ROW_COUNT && strcmp(rows[i].name, name) != 0)
        i++;
    if (i == ROW_COUNT)
        return -ENOENT;
    at = (char *)settings + rows[i].offset;
    r = rows[i].form == NUMBER ? coil_setting_number(value, rows[i].max, what, at, error)
        : rows[i].form == SIZE ? parse_size(value, rows[i].max, what, at, error)
        : rows[i].form == PATH ? parse_path(value, what, at, error)
                               : parse_place(value, what, at, error);
    if (r < 0)
        return r;
    settings->said |= 1u << i;
    return (int)i;
}

void coil_settings_merge(struct coil_settings *settings, const struct coil_settings *over)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (over->said & 1u << i)
            memcpy((char *)settings + rows[i].offset, (const char *)over + rows[i].offset,
                   rows[i].form == PATH || rows[i].form == PLACE ? PATH_MAX : sizeof(uint64_t));
    }
    settings->said |= over->said;
}
