/*
 * coild, the supervising daemon.
 *
 * Purpose: the command line, the order of starting, and the one line that the
 * starter gets.  A program that starts the daemon on demand passes the write end
 * of a pipe as --ready-fd: it reads "ready" once the daemon listens, or one line
 * of text that says why it does not.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/supervisor/activation.h"
#include "daemon/supervisor/configure.h"
#include "daemon/supervisor/log.h"
#include "daemon/supervisor/process.h"
#include "daemon/supervisor/runtime_dir.h"
#include "daemon/supervisor/server.h"
#include "daemon/supervisor/setting.h"
#include "proto/cleanup.h"
#include "proto/config_place.h"
#include "proto/fault.h"
#include "proto/socket_path.h"
#include "proto/version.h"

struct options {
    const char *socket; /* NULL: as COIL_SOCKET says */
    const char *config; /* NULL: the usual files */
    bool check_config;
    bool is_system;
    int ready_fd;
    struct coil_settings settings; /* those that were given */
};

static void print_help(void)
{
    (void)printf("usage: coild [OPTION]...\n"
                 "\n"
                 "Runs Python for the C programs of one user.  Programs start it by themselves.\n"
                 "With --system it serves all users of the machine.\n"
                 "\n"
                 "  --socket PATH            listen here (default: $COIL_SOCKET,\n"
                 "                           $XDG_RUNTIME_DIR/coil/coild.sock or /tmp/coil-UID/coild.sock)\n"
                 "  --system                 serve programs of all users; listen at " COIL_SOCKET_PATH_SYSTEM "\n"
                 "  --config PATH            read this file and PATH.d/*.conf, not " COIL_CONFIG_FOLDER
                 "/" COIL_CONFIG_FILE "\n"
                 "                           and $XDG_CONFIG_HOME/coil/" COIL_CONFIG_FILE "; what is said here, wins\n"
                 "  --check-config           say what is wrong with the configuration, and end\n"
                 "  --idle-timeout SECONDS   leave after this time without programs (default: %d; 0: never)\n"
                 "  --max-call-ms N          no call may take longer, whatever programs say (default: 0: no limit)\n"
                 "  --log PATH               append to this file; \"-\": stderr\n"
                 "  --modules FOLDER         with --system: where modules are registered (coil-stubgen --register)\n"
                 "  --python PATH            with --system: the Python that modules run with\n"
                 "  --ready-fd N             write \"ready\" there once it listens, and leave the terminal\n"
                 "\n"
                 "Workers, each of which is a process with one Python:\n"
                 "  --warm-workers N         keep up to N that no program uses (default: %d)\n"
                 "  --drain-timeout SECONDS  after a reload, programs may keep the old Python for this time if they\n"
                 "                           hold something of it (default: %d; 0: for as long as they do)\n"
                 "  --recycle-calls N        replace a worker that has served N calls (default: 0: never)\n"
                 "  --recycle-memory SIZE    replace one that has SIZE bytes of memory; K, M, G (default: 0: never)\n"
                 "  --recycle-age SECONDS    replace one that is so old (default: 0: never)\n"
                 "  --interpreters N         spread programs with the same Python over N of them (default: 1)\n"
                 "  --gil-timeout-ms N       replace one whose interpreter lock cannot be had for so long, after a\n"
                 "                           call's deadline (default: %d)\n"
                 "\n"
                 "  -h, --help               print this\n"
                 "  -V, --version            print the version\n"
                 "\n"
                 "coilctl shows what it does, reloads and stops it.  coild(8) says more.\n",
                 COIL_SETTING_IDLE_TIMEOUT_S, COIL_SETTING_WARM_WORKERS, COIL_SETTING_DRAIN_TIMEOUT_S,
                 COIL_SETTING_GIL_TIMEOUT_MS);
}

/* One of the table's: "--idle-timeout". */
static int set_option(struct coil_settings *settings, const char *name, const char *value, struct coil_error *error)
{
    char what[40];
    int r;

    (void)snprintf(what, sizeof what, "--%s", name);
    r = coil_setting_set(settings, name, value, what, error);
    return r < 0 ? r : 0;
}

/* 1: the question was answered, and there is nothing more to do. */
static int parse_options(int argc, char **argv, struct options *ret_options, struct coil_error *error)
{
    static const struct option known[] = {
        { "socket", required_argument, NULL, 's' },
        { "config", required_argument, NULL, 'c' },
        { "check-config", no_argument, NULL, 'k' },
        { "system", no_argument, NULL, 'y' },
        { "ready-fd", required_argument, NULL, 'r' },
        { "idle-timeout", required_argument, NULL, 'S' },
        { "max-call-ms", required_argument, NULL, 'S' },
        { "gil-timeout-ms", required_argument, NULL, 'S' },
        { "log", required_argument, NULL, 'S' },
        { "interpreters", required_argument, NULL, 'S' },
        { "modules", required_argument, NULL, 'S' },
        { "python", required_argument, NULL, 'S' },
        { "warm-workers", required_argument, NULL, 'S' },
        { "drain-timeout", required_argument, NULL, 'S' },
        { "recycle-calls", required_argument, NULL, 'S' },
        { "recycle-memory", required_argument, NULL, 'S' },
        { "recycle-age", required_argument, NULL, 'S' },
        { "version", no_argument, NULL, 'V' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    uint64_t number = 0;
    int option, which;
    int r = 0;

    opterr = 0;
    while ((option = getopt_long(argc, argv, "hV", known, &which)) != -1 && r == 0) {
        switch (option) {
        case 's':
            ret_options->socket = optarg;
            break;
        case 'c':
            ret_options->config = optarg;
            break;
        case 'k':
            ret_options->check_config = true;
            break;
        case 'y':
            ret_options->is_system = true;
            break;
        case 'S':
            r = set_option(&ret_options->settings, known[which].name, optarg, error);
            break;
        case 'r':
            r = coil_setting_number(optarg, 1 << 20, "--ready-fd", &number, error);
            ret_options->ready_fd = r == 0 ? (int)number : -1;
            break;
        case 'V':
            (void)printf("coild %s\n", COIL_VERSION);
            return 1;
        case 'h':
            print_help();
            return 1;
        default:
            return coil_error_set(error, -EINVAL,
                                  "\"%s\" is not an option of coild, or lacks its value: see "
                                  "coild --help",
                                  argv[optind - 1]);
        }
    }
    if (r == 0 && optind < argc)
        return coil_error_set(error, -EINVAL, "coild takes no arguments, but was given \"%s\": see coild --help",
                              argv[optind]);
    return r;
}

/* Tells the starter.  It may have gone. */
static void tell(int ready_fd, const char *line)
{
    if (ready_fd >= 0) {
        (void)!write(ready_fd, line, strlen(line));
        (void)!write(ready_fd, "\n", 1);
    }
}

/* A program that starts the daemon names the socket; if that is the usual place, its folder is coil's own as well. */
static int find_socket(const struct options *options, struct coil_runtime_dir *runtime, bool *ret_private_folder,
                       struct coil_error *error)
{
    char usual[COIL_SOCKET_PATH_MAX];
    int r;

    if (options->is_system) {
        *ret_private_folder = false;
        return coil_socket_path_resolve(options->socket ? options->socket : COIL_SOCKET_PATH_SYSTEM, "--socket",
                                        runtime->socket_path, sizeof runtime->socket_path, error);
    }
    r = coil_socket_path(usual, sizeof usual, ret_private_folder, options->socket ? NULL : error);
    if (!options->socket) {
        if (r == 0)
            memcpy(runtime->socket_path, usual, sizeof usual);
        return r;
    }
    if (r < 0)
        usual[0] = '\0';
    r = coil_socket_path_resolve(options->socket, "--socket", runtime->socket_path, sizeof runtime->socket_path, error);
    if (r == 0 && strcmp(usual, runtime->socket_path) != 0)
        *ret_private_folder = false;
    return r;
}

/* Where the log goes: an absolute path, as the daemon leaves its folder; empty for stderr. */
static int find_log(const struct options *options, const char *log, const char *socket_path, char *ret, size_t size,
                    struct coil_error *error)
{
    size_t length = strlen(socket_path);
    char folder[PATH_MAX];
    int used = 0;

    if (!*log && options->ready_fd >= 0) {
        if (length > 5 && strcmp(socket_path + length - 5, ".sock") == 0)
            length -= 5;
        used = snprintf(ret, size, "%.*s.log", (int)length, socket_path);
    } else if (!*log || strcmp(log, "-") == 0) {
        *ret = '\0';
    } else if (*log == '/') {
        used = snprintf(ret, size, "%s", log);
    } else if (!getcwd(folder, sizeof folder)) {
        return coil_error_set(error, -errno, "cannot find the current folder for --log: %s", strerror(errno));
    } else {
        used = snprintf(ret, size, "%s/%s", folder, log);
    }
    if (used < 0 || (size_t)used >= size)
        return coil_error_set(error, -ENAMETOOLONG, "the path of the log is too long");
    return 0;
}

/* The socket that a service manager has handed over, and only that. */
static int take_socket(const struct options *options, struct coil_runtime_dir *runtime, struct coil_error *error)
{
    const char *other = options->socket ? "--socket" : options->ready_fd >= 0 ? "--ready-fd" : NULL;

    if (other)
        return coil_error_set(error, -EINVAL,
                              "%s has no meaning for a coild that a service manager hands a socket to: "
                              "leave it out",
                              other);
    return coil_activation_adopt(runtime, error);
}

/* Everything up to listening.  1: another daemon serves there. */
static int start(const struct options *options, struct coil_server *server, struct coil_runtime_dir *runtime,
                 char *log_path, size_t log_size, struct coil_error *error)
{
    bool private_folder;
    int activated = coil_activation_count(error);
    int r = activated;

    if (r == 0)
        r = find_socket(options, runtime, &private_folder, error);
    else if (r > 0)
        r = take_socket(options, runtime, error);
    if (r == 0)
        r = find_log(options, server->configuration.effective.log, runtime->socket_path, log_path, log_size, error);
    if (r < 0)
        return r;
    coil_process_prepare(activated ? COIL_ACTIVATION_FD : options->ready_fd, options->ready_fd >= 0,
                         &server->worker_files);
    if (!activated)
        r = coil_runtime_dir_acquire(runtime, private_folder, error);
    if (r != 0)
        return r;
    if (*log_path)
        r = coil_log_open(log_path, error);
    else
        coil_log_to_journal();
    if (r == 0) {
        server->log_path = *log_path ? log_path : NULL;
        coil_configuration_apply(server);
        r = coil_server_init(server, runtime, error);
    }
    if (r < 0)
        coil_runtime_dir_release(runtime);
    return r;
}

/* The files and the command line together.  -EINVAL: mistakes, of which the first is in `error`, all have been said. */
static int configure(const struct options *options, struct coil_server *server, struct coil_error *error)
{
    COIL_CLEANUP(coil_memory_free) char *path = NULL;
    COIL_CLEANUP(coil_memory_free) char *mistakes = NULL;
    struct coil_configuration *configuration = &server->configuration;
    char *line, *rest;
    int r;

    if (options->config) {
        path = realpath(options->config, NULL); /* the daemon leaves its folder */
        if (!path)
            return coil_error_set(error, -errno, "--config: \"%s\" cannot be read: %s", options->config,
                                  strerror(errno));
        configuration->path = coil_steal_memory(&path);
    }
    configuration->options = options->settings;
    configuration->is_system = options->is_system;
    r = coil_configuration_load(configuration, &mistakes);
    if (r == -ENOMEM)
        return coil_error_set(error, r, "no memory for the configuration");
    rest = mistakes;
    while (r < 0 && (line = strsep(&rest, "\n")) && *line) {
        (void)fprintf(stderr, "coild: %s\n", line);
        if (line == mistakes)
            (void)coil_error_set(error, r, "%s", line);
    }
    return r;
}

/* --check-config */
static int say_what_was_read(const struct coil_configuration *configuration)
{
    const struct coil_config *files = &configuration->files;

    if (configuration->is_system)
        (void)printf("coild: nothing is wrong with %zu registered module%s\n", configuration->registry.count,
                     configuration->registry.count == 1 ? "" : "s");
    if (*files->files)
        (void)printf("coild: nothing is wrong with %s\n", files->files);
    else
        (void)printf("coild: there is no configuration: neither " COIL_CONFIG_FOLDER "/" COIL_CONFIG_FILE
                     " nor one of the user's own\n");
    return 0;
}

int main(int argc, char **argv)
{
    static struct coil_server server;
    static struct coil_runtime_dir runtime;
    static char log_path[PATH_MAX];
    struct options options = { .ready_fd = -1 };
    COIL_CLEANUP(coil_fd_close) int ready_fd = -1;
    struct coil_error error;
    int r = parse_options(argc, argv, &options, &error);

    if (r > 0)
        return 0;
    ready_fd = options.ready_fd;
    server.is_system = options.is_system;
    runtime.is_public = options.is_system;
    if (r == 0) {
        r = configure(&options, &server, &error);
        if (r == -EINVAL) {
            tell(ready_fd, error.text);
            return 1;
        }
    }
    if (r == 0 && options.check_config)
        return say_what_was_read(&server.configuration);
    coil_notify_init(&server.notify);
    if (r == 0)
        r = start(&options, &server, &runtime, log_path, sizeof log_path, &error);
    if (r < 0) {
        (void)fprintf(stderr, "coild: %s\n", error.text);
        tell(ready_fd, error.text);
        return 1;
    }
    if (r > 0) {
        (void)fprintf(stderr, "coild: already running at %s\n", runtime.socket_path);
        tell(ready_fd, "ready");
        return 0;
    }
    coil_log("version %s, pid %d, listens at %s%s", COIL_VERSION, (int)getpid(), runtime.socket_path,
             server.is_system ? ", for all users" : "");
    coil_process_silence();
    COIL_FAULT("daemon.listening");
    tell(ready_fd, "ready");
    coil_notify_send(&server.notify, "READY=1");
    COIL_FAULT("daemon.ready");
    coil_fd_close(&ready_fd);

    coil_server_run(&server);
    coil_runtime_dir_release(&runtime);
    coil_log("has stopped");
    return 0;
}
