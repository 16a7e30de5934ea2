/*
 * coil-worker: one Python interpreter, in a process of its own.
 *
 * Started by coild only, with one end of a socket pair.  It says `ready` when
 * Python runs, or `failed` with the reason, and then serves that link.  It dies with its
 * supervisor: a worker without one serves nobody.  Python is never finalised; the
 * process simply ends.
 */
#include <sys/prctl.h>

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/worker/worker.h"
#include "proto/cleanup.h"
#include "proto/fault.h"
#include "proto/location.h"
#include "proto/wire.h"

const struct coil_host_api *coil_worker_host;

static const struct coil_host_callbacks callbacks = {
    .write = coil_text_write,
    .error_value = coil_sessions_error_value,
    .heap_allocate = coil_heap_allocate,
    .heap_allocate_zeroed = coil_heap_allocate_zeroed,
    .heap_free = coil_heap_free,
    .heap_size = coil_heap_size,
    .heap_describe = coil_blocks_describe,
    .is_shared = coil_shared_is,
    .slot_new = coil_function_new,
    .slot_lead = coil_function_lead,
    .slot_describe = coil_function_describe,
    .slot_free = coil_function_free,
    .slot_own = coil_function_own,
    .ask = coil_ask,
    .program = coil_program_of,
    .program_ref = coil_program_ref,
    .program_unref = coil_program_unref,
    .program_peer = coil_program_peer,
    .imported = coil_watch_imported,
};

struct options {
    int link_fd;
    const char *python;
    unsigned gil_timeout_ms;
    bool is_private;
    bool is_system;
};

static int parse(int argc, char **argv, struct options *ret_options)
{
    static const struct option longs[] = {
        { "link-fd", required_argument, NULL, 'l' },
        { "python", required_argument, NULL, 'p' },
        { "gil-timeout-ms", required_argument, NULL, 'g' },
        { "private", no_argument, NULL, 'r' },
        { "system", no_argument, NULL, 's' },
        { 0 },
    };
    int c;

    *ret_options = (struct options){ .link_fd = -1 };
    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (c == 'l')
            ret_options->link_fd = atoi(optarg);
        else if (c == 'p')
            ret_options->python = *optarg ? optarg : NULL;
        else if (c == 'g')
            ret_options->gil_timeout_ms = (unsigned)strtoul(optarg, NULL, 10);
        else if (c == 'r')
            ret_options->is_private = true;
        else if (c == 's')
            ret_options->is_system = true;
        else
            return -EINVAL;
    }
    return ret_options->link_fd >= 0 && optind == argc ? 0 : -EINVAL;
}

static int start(const struct options *options, struct coil_error *error)
{
    const struct coil_host_config config = { .python = options->python,
                                             .is_system = options->is_system,
                                             .callbacks = &callbacks };
    char path[PATH_MAX];
    int r;

    r = coil_channel_prepare();
    if (r < 0)
        return coil_error_set(error, r, "no memory to watch for fork()");
    r = coil_fatal_prepare();
    if (r < 0)
        return coil_error_set(error, r, "fatal signals cannot be watched: %s", strerror(-r));
    r = coil_location(COIL_SLOTS_FROM_LIBEXEC, path, sizeof path, error);
    if (r == 0)
        r = coil_functions_prepare(path, error);
    if (r == 0)
        r = coil_memory_reserve(error);
    if (r == 0)
        r = coil_location(COIL_HOST_FROM_LIBEXEC, path, sizeof path, error);
    if (r == 0)
        r = coil_host_load(path, &coil_worker_host, error);
    return r == 0 ? coil_worker_host->start(&config, error) : r;
}

/* Tells the supervisor why there is no Python. */
static void report_failure(int fd, const struct coil_error *error)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *link = NULL;
    const struct coil_message failed = { .type = COIL_MESSAGE_FAILED,
                                         .code = COIL_REFUSED_NO_PYTHON,
                                         .text = error->text };

    if (coil_wire_new(fd, &link) == 0)
        (void)coil_wire_send(link, &failed, NULL, NULL);
}

int main(int argc, char **argv)
{
    struct options options;
    struct coil_error error = { 0 };
    pid_t supervisor = getppid();
    char pid[24];

    if (parse(argc, argv, &options) < 0) {
        fputs("coil-worker: this program is started by coild\n", stderr);
        return 2;
    }
    COIL_FAULT("main.begun");
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != supervisor)
        return 1; /* it died before it could take us with it */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)snprintf(pid, sizeof pid, "%ld", (long)getpid());
    (void)setenv("COIL_WORKER", pid, 1); /* a stub library that is imported here runs here: client/environment.c */
    coil_worker_is_private = options.is_private;
    coil_worker_is_system = options.is_system;
    (void)setvbuf(stdout, NULL, _IOLBF, 0);

    if (start(&options, &error) < 0) {
        fprintf(stderr, "coil-worker: %s\n", error.text);
        report_failure(options.link_fd, &error);
        return 1;
    }
    COIL_FAULT("main.python_started");
    if (coil_watch_start(&error) < 0)
        fprintf(stderr, "coil-worker: %s\n", error.text);
    if (coil_late_prepare(options.gil_timeout_ms, &error) < 0)
        fprintf(stderr, "coil-worker: %s\n", error.text);
    /* Not exit(): atexit handlers and destructors have no business in a process whose threads still run Python. */
    _exit(coil_link_serve(options.link_fd));
}
