/* What coild can be told, by its command line and by its configuration files, in one table. */
#ifndef COIL_SUPERVISOR_SETTING_H
#define COIL_SUPERVISOR_SETTING_H

#include <limits.h>
#include <stdint.h>

#include "proto/error.h"

#define COIL_SETTING_IDLE_TIMEOUT_S 3600
#define COIL_SETTING_DRAIN_TIMEOUT_S 60
#define COIL_SETTING_WARM_WORKERS 8
#define COIL_SETTING_GIL_TIMEOUT_MS 5000

#define COIL_SETTING_USER_CONNECTIONS 8192
#define COIL_SETTING_USER_PROGRAMS 2048
#define COIL_SETTING_USER_THREADS 65536
#define COIL_SETTING_MESSAGE_RATE 5000
#define COIL_SETTING_HANDSHAKE_TIMEOUT_S 30

#define COIL_SETTING_INTERPRETERS_MAX 256
#define COIL_SETTING_TIME_MAX_S UINT64_C(315360000) /* ten years */

struct coil_settings {
    uint64_t idle_timeout_s;  /* 0: never */
    uint64_t drain_timeout_s; /* 0: for ever */
    uint64_t warm_workers;
    uint64_t recycle_calls;  /* 0: never, as the next two */
    uint64_t recycle_memory; /* bytes */
    uint64_t recycle_age_s;
    uint64_t max_call_ms; /* 0: no limit */
    uint64_t gil_timeout_ms;
    uint64_t user_connections; /* quota.c; 0: no limit, as the next three */
    uint64_t user_programs;
    uint64_t user_threads;
    uint64_t message_rate;        /* per second, of each connection */
    uint64_t handshake_timeout_s; /* 0: for ever */
    uint64_t interpreters;        /* workers that programs with the same Python are spread over; 0 is 1 */
    char log[PATH_MAX];           /* "-": stderr; "": nobody has said */
    char modules[PATH_MAX];       /* the folder of a system daemon's modules; "": the usual one */
    char python[PATH_MAX];        /* a system daemon's; "": the one coil was built for */
    uint32_t said;                /* which of them somebody has said: bits of the table's rows */
};

/* What holds if nobody says anything. */
void coil_settings_init(struct coil_settings *settings);

/*
 * Takes a value; `name` as on the command line, without "--"; `what` is what the user calls it.  The number of the
 * setting; -ENOENT: there is none of this name (without words); -EINVAL with words.
 */
int coil_setting_set(struct coil_settings *settings, const char *name, const char *value, const char *what,
                     struct coil_error *error);

/* Everything that `over` says counts instead of what `settings` has. */
void coil_settings_merge(struct coil_settings *settings, const struct coil_settings *over);

/* A number up to `max`, in decimal digits and nothing else.  -EINVAL with words. */
int coil_setting_number(const char *text, uint64_t max, const char *what, uint64_t *ret_number,
                        struct coil_error *error);

#endif
