/* The configuration files: what coild's options say, and what holds for single modules. */
#ifndef COIL_SUPERVISOR_CONFIG_H
#define COIL_SUPERVISOR_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "daemon/supervisor/setting.h"
#include "proto/error.h"

/* Users, or groups, by number. */
struct coil_config_ids {
    uint32_t *ids;
    size_t count;
};

struct coil_config_module {
    TAILQ_ENTRY(coil_config_module) link;
    char *name;
    struct coil_config_ids users; /* who may use it; with `groups` empty as well: everybody whom the daemon serves */
    struct coil_config_ids groups;
    uint64_t max_call_ms; /* 0: what holds for all */
    uint64_t interpreters; /* the same */
    char *python;         /* that it runs with, whatever programs say; NULL: as they say */
};

TAILQ_HEAD(coil_config_modules, coil_config_module);

struct coil_config {
    struct coil_settings settings; /* what the files say, and nothing else */
    struct coil_config_modules modules;
    char *files; /* that were read, separated by blanks; "": none */
};

/*
 * Reads the file at `path` (NULL: the usual ones, as far as they exist; those of its user not for a system daemon, whose
 * Python could write them), and after each of them those in the folder of
 * its name with ".d".  Later ones win.  -EINVAL: there are mistakes, one line for each in *ret_mistakes (freed by the
 * caller), and `ret_config` is untouched.  -ENOMEM.
 */
int coil_config_load(const char *path, bool is_system, struct coil_config *ret_config, char **ret_mistakes);

void coil_config_init(struct coil_config *config); /* of no files */
void coil_config_deinit(struct coil_config *config);

/* What is said of the module of this name; NULL: nothing. */
const struct coil_config_module *coil_config_module_find(const struct coil_config *config, const char *name);

#endif
