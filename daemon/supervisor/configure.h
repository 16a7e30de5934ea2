/* What the daemon goes by: its configuration, at the start and after each reload. */
#ifndef COIL_SUPERVISOR_CONFIGURE_H
#define COIL_SUPERVISOR_CONFIGURE_H

#include "daemon/supervisor/config.h"
#include "daemon/supervisor/registry.h"
#include "daemon/supervisor/setting.h"

struct coil_server;

/* Where it comes from, and what was read last. */
struct coil_configuration {
    const char *path;               /* --config; NULL: the usual files */
    bool is_system;
    struct coil_settings options;   /* the command line, which wins */
    struct coil_settings effective; /* all of it together */
    struct coil_config files;
    struct coil_registry registry; /* a system daemon's modules */
};

/*
 * Reads it for the first time; the first three have been filled in.  -EINVAL and -ENOMEM as coil_config_load().
 */
int coil_configuration_load(struct coil_configuration *configuration, char **ret_mistakes);
void coil_configuration_deinit(struct coil_configuration *configuration);

/* The daemon goes by it from now on.  `log_path` stays. */
void coil_configuration_apply(struct coil_server *server);

/*
 * Reads it anew.  0: the daemon goes by the new one; -EINVAL, -ENOMEM: by the old one, and the mistakes are in
 * *ret_mistakes (NULL: there is no memory for words), freed by the caller.
 */
int coil_configuration_reload(struct coil_server *server, char **ret_mistakes);

#endif
