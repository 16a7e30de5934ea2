/*
 * What the daemon goes by.
 *
 * Purpose: three layers make the settings: what holds if nobody says anything, the files, the command line.  The files
 * are read again at each reload; a configuration with a mistake in it is not taken at all, and the old one stays.
 *
 * Called by main.c and reload.c, main thread.
 */
#include "daemon/supervisor/configure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/supervisor/log.h"
#include "daemon/supervisor/server.h"
#include "proto/cleanup.h"

/* What is read, before it counts. */
struct reading {
    struct coil_config files;
    struct coil_registry registry;
};

/* The three layers, with these files as the second. */
static void lay(const struct coil_configuration *configuration, const struct coil_config *files,
                struct coil_settings *ret_settings)
{
    coil_settings_init(ret_settings);
    coil_settings_merge(ret_settings, &files->settings);
    coil_settings_merge(ret_settings, &configuration->options);
}

/* A system daemon's modules, out of the folder that the settings name. */
static int read_modules(const struct coil_configuration *configuration, struct reading *reading, char **ret_mistakes)
{
    COIL_CLEANUP(coil_memory_free) char *mistakes = NULL;
    struct coil_settings settings;
    size_t size = 0;
    FILE *stream = open_memstream(&mistakes, &size);
    int r;

    if (!stream)
        return -ENOMEM;
    lay(configuration, &reading->files, &settings);
    r = coil_registry_load(*settings.modules ? settings.modules : NULL, stream, &reading->registry);
    if (fclose(stream) != 0 && r == 0) {
        coil_registry_deinit(&reading->registry);
        r = -ENOMEM;
    }
    if (r == -EINVAL)
        *ret_mistakes = coil_steal_memory(&mistakes);
    return r;
}

static int read_all(const struct coil_configuration *configuration, struct reading *ret_reading, char **ret_mistakes)
{
    int r = coil_config_load(configuration->path, configuration->is_system, &ret_reading->files, ret_mistakes);

    ret_reading->registry = (struct coil_registry){ 0 };
    if (r < 0 || !configuration->is_system)
        return r;
    r = read_modules(configuration, ret_reading, ret_mistakes);
    if (r < 0)
        coil_config_deinit(&ret_reading->files);
    return r;
}

static void take(struct coil_configuration *configuration, struct reading *reading)
{
    coil_config_deinit(&configuration->files);
    configuration->files = reading->files;
    TAILQ_INIT(&configuration->files.modules);
    TAILQ_CONCAT(&configuration->files.modules, &reading->files.modules, link);
    coil_registry_deinit(&configuration->registry);
    configuration->registry = reading->registry;
    lay(configuration, &configuration->files, &configuration->effective);
}

int coil_configuration_load(struct coil_configuration *configuration, char **ret_mistakes)
{
    struct reading reading;
    int r = read_all(configuration, &reading, ret_mistakes);

    coil_config_init(&configuration->files);
    if (r < 0)
        lay(configuration, &configuration->files, &configuration->effective);
    else
        take(configuration, &reading);
    return r;
}

void coil_configuration_deinit(struct coil_configuration *configuration)
{
    coil_config_deinit(&configuration->files);
    coil_registry_deinit(&configuration->registry);
}

void coil_configuration_apply(struct coil_server *server)
{
    const struct coil_settings *settings = &server->configuration.effective;

    server->idle_timeout_ms = settings->idle_timeout_s * 1000;
    server->drain_timeout_ms = settings->drain_timeout_s * 1000;
    server->unused_workers = (unsigned)settings->warm_workers;
    server->recycling = (struct coil_recycling){ .calls = settings->recycle_calls,
                                                 .memory = settings->recycle_memory,
                                                 .age_ms = settings->recycle_age_s * 1000 };
    server->max_call_ms = settings->max_call_ms;
    server->gil_timeout_ms = settings->gil_timeout_ms;
}

/* Does the log go to the file that has this name now? */
static bool is_log(const char *path)
{
    struct stat log, file;

    return fstat(coil_log_fd(), &log) == 0 && stat(path, &file) == 0 && log.st_dev == file.st_dev &&
           log.st_ino == file.st_ino;
}

/* Somewhere else, or the old file was moved away. */
static int reopen_log(struct coil_server *server, struct coil_error *error)
{
    const char *wanted = server->configuration.effective.log;
    int r;

    if (strcmp(wanted, "-") == 0 && server->log_path)
        return coil_error_set(error, -EINVAL, "log: \"-\" counts when the daemon starts next");
    if (*wanted != '/')
        wanted = server->log_path; /* as found out at the start */
    if (!wanted || is_log(wanted))
        return 0;
    r = coil_log_open(wanted, error);
    if (r == 0 && wanted != server->log_path) {
        (void)snprintf(server->log_file, sizeof server->log_file, "%s", wanted);
        server->log_path = server->log_file;
    }
    return r;
}

int coil_configuration_reload(struct coil_server *server, char **ret_mistakes)
{
    struct coil_error error;
    struct reading reading;
    char *mistakes = NULL;
    int r = read_all(&server->configuration, &reading, &mistakes);

    if (r < 0) {
        *ret_mistakes = mistakes;
        return r;
    }
    take(&server->configuration, &reading);
    coil_configuration_apply(server);
    coil_server_reconsider(server);
    if (reopen_log(server, &error) < 0)
        coil_log("configuration: %s", error.text);
    return 0;
}
