/*
 * What a worker died of.
 *
 * Purpose: everything that is to be learnt from a dead process.  How it ended is asked of the kernel.  What it
 * ran stands in its channels' control blocks, in memory that outlives it: each says what its thread was doing
 * (COIL_DOING_* in proto/channel.h), and the thread that ended the process has marked its own.  No call's
 * data is looked at.
 *
 * From that follow three things: a line in the log that names the call; a function that does it
 * again and again is refused (blame.c); and if the worker had not served any call, the next
 * start is delayed (restart.c).  A death with a culprit is not held against the environment: the others in it cannot
 * help it, and the culprit is refused soon enough.
 *
 * The worker writes these words, but a program may, too, in its own session's memory.  So nothing in them
 * is trusted further than to name a function of a module that the worker has.
 *
 * Called by worker.c and session.c, main thread.
 */
#include "daemon/supervisor/death.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/supervisor/blame.h"
#include "daemon/supervisor/log.h"
#include "daemon/supervisor/module.h"
#include "daemon/supervisor/server.h"
#include "daemon/supervisor/session.h"
#include "daemon/supervisor/trace.h"
#include "daemon/supervisor/worker.h"
#include "proto/channel.h"
#include "proto/cleanup.h"
#include "proto/probe.h"

#define CHANNELS_AT_ONCE 32u
#define NAMED_MAX 4 /* calls that the log names, of those that merely ran */

/* ---- how it ended ---- */

/* What became of the process, before or after libuv has reaped it. */
static void learn_exit(struct coil_worker *worker)
{
    siginfo_t info = { 0 };

    if (worker->reaped || waitid(P_PIDFD, (id_t)worker->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
        info.si_pid == 0)
        return;
    if (info.si_code == CLD_EXITED)
        worker->exit_status = info.si_status;
    else
        worker->exit_signal = info.si_status;
}

static void describe_exit(const struct coil_worker *worker, char *text, size_t size)
{
    if (worker->exit_signal)
        (void)snprintf(text, size, "signal %d (%s)", worker->exit_signal, strsignal(worker->exit_signal));
    else
        (void)snprintf(text, size, "exit status %d", worker->exit_status);
}

/* Signals that no code raises by going wrong. */
static bool is_from_outside(const struct coil_worker *worker)
{
    switch (worker->exit_signal) {
    case SIGKILL:
    case SIGTERM:
    case SIGINT:
    case SIGHUP:
    case SIGQUIT:
        return true;
    default:
        return false;
    }
}

/* A worker that cannot start says why and ends: its death may be seen before its words. */
static void hear_last_words(struct coil_worker *worker)
{
    int r = 0;

    while (r == 0 && worker->wire && !worker->failure[0]) {
        COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message received = COIL_WIRE_MESSAGE_INIT;

        r = coil_wire_receive(worker->wire, &received, NULL);
        if (r == 0 && received.message.type == COIL_MESSAGE_FAILED && received.message.request == 0)
            (void)snprintf(worker->failure, sizeof worker->failure, "%s", received.message.text);
    }
}

/* ---- what it did ---- */

/* Calls `found` for what each channel of the session was doing. */
static void look_at(const struct coil_session *session,
                    void (*found)(void *context, const struct coil_session *session, uint32_t doing), void *context)
{
    struct coil_control controls[CHANNELS_AT_ONCE];
    int fd = session->memory[COIL_MEMORY_REPLIES];

    for (unsigned first = 0; first < session->channels_end && fd >= 0; first += CHANNELS_AT_ONCE) {
        ssize_t size = pread(fd, controls, sizeof controls, (off_t)COIL_REPLIES_CONTROL(first));

        for (unsigned i = 0; size > 0 && i < (size_t)size / sizeof *controls; i++)
            found(context, session, atomic_load_explicit(&controls[i].doing, memory_order_relaxed)); /* T */
    }
}

static void note_served(void *context, const struct coil_session *session, uint32_t doing)
{
    (void)context;
    if (doing & COIL_DOING_SERVED)
        session->worker->has_served = true;
}

void coil_death_look(struct coil_session *session)
{
    if (!session->worker->has_served)
        look_at(session, note_served, NULL);
}

/* Which of the worker's modules, and which of its functions: "plugin.add()".  NULL: there is no such module. */
static const struct coil_worker_module *name(struct coil_worker *worker, uint32_t doing, uint32_t *ret_function,
                                             char *ret_text, size_t size)
{
    const struct coil_worker_module *module = coil_worker_module_at(worker, COIL_DOING_SLOT(doing));
    uint32_t function = COIL_DOING_FUNCTION(doing);

    if (!module)
        return NULL;
    if (doing & COIL_DOING_OPEN) {
        *ret_function = COIL_BLAME_INIT;
        (void)snprintf(ret_text, size, "the init code of module \"%s\"", module->name);
        return module;
    }
    if (function >= module->descriptor->image->functions.count)
        return NULL;
    *ret_function = function;
    (void)snprintf(ret_text, size, "%s.%s()", module->name,
                   coil_image_function_name(module->descriptor->image, function));
    return module;
}

/* What is found out about a death, over all channels. */
struct inquest {
    struct coil_worker *worker;
    const char *how;
    bool has_culprit;
    unsigned running;
    char names[640]; /* of what ran: ": plugin.add() for program 17, ..." */
};

/* What a channel was doing that neither died nor rested. */
static void note_running(struct inquest *inquest, const char *what, pid_t program)
{
    size_t used = strlen(inquest->names);

    if (inquest->running++ < NAMED_MAX)
        (void)snprintf(inquest->names + used, sizeof inquest->names - used, "%s%s for program %d",
                       inquest->running == 1 ? "; it ran " : ", ", what, (int)program);
}

static void note_channel(void *context, const struct coil_session *session, uint32_t doing)
{
    struct inquest *inquest = context;
    struct coil_worker *worker = inquest->worker;
    const struct coil_worker_module *module;
    char what[320];
    uint32_t function;

    note_served(NULL, session, doing);
    if (!(doing & (COIL_DOING_CALL | COIL_DOING_OPEN)))
        return;
    module = name(worker, doing, &function, what, sizeof what);
    if (!module)
        return;
    if (!(doing & COIL_DOING_FATAL)) {
        note_running(inquest, what, session->pid);
        return;
    }
    inquest->has_culprit = true;
    coil_trace_log(worker->server, "worker generation %llu (pid %d) died in %s, called by program %d",
                   (unsigned long long)worker->generation, (int)worker->pid, what, (int)session->pid);
    coil_blame_death(worker, module->hash, function, what, inquest->how);
}

void coil_death_note(struct coil_worker *worker)
{
    struct coil_restart *restart = &worker->environment->restart;
    struct inquest inquest = { .worker = worker };
    const struct coil_session *session;
    char how[128];

    if (!worker->was_ready)
        hear_last_words(worker);
    learn_exit(worker);
    COIL_PROBE4(worker__death, worker->generation, worker->pid, worker->exit_status, worker->exit_signal);
    describe_exit(worker, how, sizeof how);
    inquest.how = how;
    TAILQ_FOREACH(session, &worker->sessions, link)
    look_at(session, note_channel, &inquest);
    if (worker->pid)
        coil_trace_log(worker->server, "worker generation %llu (pid %d) %s: %s%s%s%s",
                       (unsigned long long)worker->generation, (int)worker->pid,
                       worker->told_to_end ? "has ended" : "died", how, worker->failure[0] ? ": " : "",
                       worker->failure, inquest.names);
    if (worker->has_served)
        coil_restart_reset(restart);
    else if (!worker->told_to_end && !worker->failure[0] && !inquest.has_culprit)
        coil_restart_died(restart, uv_now(&worker->server->loop), is_from_outside(worker), how);
    worker->killed_from_outside =
        is_from_outside(worker) && !worker->failure[0] && !worker->told_to_end && !worker->killed_by_us;
    if (!worker->was_ready && !worker->failure[0])
        (void)snprintf(worker->failure, sizeof worker->failure,
                       "the worker died before Python had started: %s; see the daemon's log %s", how,
                       worker->server->log_path ? worker->server->log_path : "");
}
