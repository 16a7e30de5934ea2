/*
 * Attaching programs.
 *
 * Purpose: the way from a request to its answer, over as many turns of the loop as
 * it takes.  `attach` and `module` share most of it:
 *
 *     attach                      module
 *       need_descriptor  <----------+          not in the store: ask the client
 *       choose_worker               |          attach only; wait until it is ready, `adopt` if it is a spare
 *       load_module      <----------+          once per worker
 *       open_session                |          memory, `session` and `channel` 0 to the worker
 *       attached                   done
 *
 * A worker that dies under an attaching program is no reason to fail it: it starts
 * again at choose_worker, a bounded number of times.
 *
 * Called by client.c; main thread.  What a request holds is in the client, and
 * coil_attach_forget() drops it.
 */
#include "daemon/supervisor/attach.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/supervisor/log.h"
#include "daemon/supervisor/module.h"
#include "daemon/supervisor/permission.h"
#include "daemon/supervisor/server.h"
#include "daemon/supervisor/session.h"
#include "daemon/supervisor/spare.h"
#include "daemon/supervisor/worker.h"
#include "proto/cleanup.h"
#include "proto/fault.h"
#include "proto/version.h"

#define ATTEMPTS_MAX 3 /* workers that may die while one program attaches */
#define KILLS_MAX 8    /* the same, if the last one was killed from outside: the next one may live */

static void choose_worker(struct coil_client *client);
static void load_module(struct coil_client *client);
static void open_session(struct coil_client *client);

static struct coil_client *client_of(struct coil_await *await)
{
    return (struct coil_client *)(void *)((char *)await - offsetof(struct coil_client, await));
}

static void drop_worker(struct coil_client *client)
{
    if (client->worker)
        coil_worker_release(client->worker);
    client->worker = NULL;
}

void coil_attach_forget(struct coil_client *client)
{
    coil_await_cancel(&client->await);
    drop_worker(client);
    if (client->environment)
        coil_environment_unuse(client->environment, uv_now(&client->server->loop));
    client->environment = NULL;
    coil_stored_unref(client->descriptor);
    client->descriptor = NULL;
    free(client->name);
    client->name = NULL;
}

/* Ends the request with a refusal.  A program that did not get a session may try again on the same connection. */
static void give_up(struct coil_client *client, enum coil_refusal code, const char *text)
{
    struct coil_session *session = client->attached ? NULL : client->session;
    const struct coil_log_about about = coil_client_about(client);

    coil_log_about(&about, "%s", text);
    coil_attach_forget(client);
    if (session) {
        client->session = NULL;
        coil_session_close(session);
    }
    if (client->counted && !client->attached) {
        client->counted = false;
        coil_server_program_went(client->server);
    }
    coil_client_fail(client, code, "%s", text);
}

static void finish(struct coil_client *client, struct coil_message *answer, const int *fds)
{
    coil_attach_forget(client);
    coil_client_answer(client, answer, fds);
}

/* A worker refused something: its words go on to the program. */
static void give_up_as_told(struct coil_client *client, const struct coil_message *answer)
{
    enum coil_refusal code = answer->code >= COIL_REFUSED_OTHER && answer->code <= COIL_REFUSED_LAST
                                 ? (enum coil_refusal)answer->code
                                 : COIL_REFUSED_OTHER;

    give_up(client, code, answer->text);
}

/* The worker that this request relied on is dead. */
static void worker_lost(struct coil_client *client)
{
    bool killed = client->worker->killed_from_outside;

    /* A dead worker's structure lives until the loop has closed its handles, so its words can be used. */
    if (client->worker->failure[0] && !killed) {
        give_up(client, COIL_REFUSED_NO_PYTHON, client->worker->failure);
        return;
    }
    drop_worker(client);
    if (++client->attempts >= (killed ? KILLS_MAX : ATTEMPTS_MAX))
        give_up(client, COIL_REFUSED_DIED, "the worker died while the program was being attached, several times");
    else
        choose_worker(client);
}

/* ---- what the configuration says ---- */

static const struct coil_config_module *configured(const struct coil_client *client)
{
    return coil_config_module_find(&client->server->configuration.files, client->name);
}

/* False: it may not use the module, and has been told. */
static bool may_use(struct coil_client *client)
{
    struct coil_error error;

    if (coil_permission_check(&client->server->configuration.files, client->name, coil_wire_fd(client->wire),
                              client->uid, client->gid, &error) == 0)
        return true;
    give_up(client, COIL_REFUSED_IDENTITY, error.text);
    return false;
}

/* How long calls of its module may take; 0: as long as they like. */
static uint64_t max_call_ms(const struct coil_client *client)
{
    const struct coil_config_module *module = configured(client);
    uint64_t all_ms = client->server->max_call_ms, own_ms = module ? module->max_call_ms : 0;

    return !own_ms || (all_ms && all_ms < own_ms) ? all_ms : own_ms;
}

/* ---- the descriptor ---- */

static int take_name(struct coil_client *client, const struct coil_message *message)
{
    client->name = strdup(message->name);
    if (!client->name) {
        give_up(client, COIL_REFUSED_LIMIT, "no memory for the request");
        return -ENOMEM;
    }
    memcpy(client->hash, message->hash, COIL_HASH_SIZE);
    client->step = COIL_CLIENT_WORKER;
    return 0;
}

static void have_descriptor(struct coil_client *client)
{
    if (strcmp(coil_image_name(client->descriptor->image), client->name) != 0) {
        give_up(client, COIL_REFUSED_PROTOCOL, "the descriptor is of a module with another name");
        return;
    }
    client->step = COIL_CLIENT_WORKER;
    if (client->attached)
        load_module(client);
    else
        choose_worker(client);
}

/* A system daemon has what was registered, and asks nobody for anything else: descriptors have code in them. */
static void need_registered(struct coil_client *client)
{
    struct coil_error error;
    int r = coil_registry_find(&client->server->configuration.registry, client->name, client->hash, &client->descriptor,
                               &error);

    if (r < 0)
        give_up(client, r == -ESTALE ? COIL_REFUSED_OTHER_BUILD : COIL_REFUSED_UNREGISTERED, error.text);
    else
        have_descriptor(client);
}

static void need_descriptor(struct coil_client *client)
{
    struct coil_message message = { .type = COIL_MESSAGE_SEND_DESCRIPTOR };

    if (client->server->is_system) {
        need_registered(client);
        return;
    }
    client->descriptor = coil_store_get(&client->server->store, client->hash);
    if (client->descriptor) {
        have_descriptor(client);
        return;
    }
    client->step = COIL_CLIENT_DESCRIPTOR;
    client->awaited_ms = uv_now(&client->server->loop);
    coil_server_look(client->server);
    memcpy(message.hash, client->hash, COIL_HASH_SIZE);
    coil_client_say(client, &message);
}

void coil_attach_descriptor(struct coil_client *client, const struct coil_message *message)
{
    struct coil_error error;
    int r;

    if (memcmp(message->hash, client->hash, COIL_HASH_SIZE) != 0) {
        give_up(client, COIL_REFUSED_PROTOCOL, "the descriptor is not the one that was asked for");
        return;
    }
    r = coil_store_put(&client->server->store, message->descriptor.data, message->descriptor.size, client->hash,
                       &client->descriptor, &error);
    if (r < 0)
        give_up(client, r == -ENOMEM ? COIL_REFUSED_LIMIT : COIL_REFUSED_PROTOCOL, error.text);
    else
        have_descriptor(client);
}

/* ---- the worker ---- */

static void adopted(struct coil_await *await, const struct coil_message *answer)
{
    struct coil_client *client = client_of(await);

    if (!answer) {
        worker_lost(client);
    } else if (answer->type == COIL_MESSAGE_FAILED) {
        coil_worker_retire(client->worker, answer->text);
        drop_worker(client);
        choose_worker(client);
    } else {
        client->worker->is_spare = false;
        load_module(client);
    }
}

/* It runs.  A spare is told whose it is first. */
static void use_worker(struct coil_client *client)
{
    struct coil_environment *environment = client->environment;
    struct coil_message adopt = { .type = COIL_MESSAGE_ADOPT,
                                  .environment = (const char *const *)environment->entries,
                                  .cwd = environment->cwd };

    if (client->worker->is_spare)
        coil_worker_ask(client->worker, &adopt, NULL, &client->await, adopted);
    else
        load_module(client);
}

static void worker_is_ready(struct coil_await *await, const struct coil_message *answer)
{
    struct coil_client *client = client_of(await);

    if (answer)
        use_worker(client);
    else
        worker_lost(client);
}

/* Deaths that the loop has not seen yet count already: a program may attach anew because of one. */
static void bury_dead(struct coil_environment *environment)
{
    struct coil_worker *worker;

    do {
        TAILQ_FOREACH(worker, &environment->workers, link)
        {
            (void)coil_worker_is_usable(worker);
            if (worker->state == COIL_WORKER_DEAD)
                break; /* the list has changed */
        }
    } while (worker);
}

/* How many workers programs with the module are spread over. */
static uint64_t interpreters(const struct coil_client *client)
{
    const struct coil_config_module *module = configured(client);

    return module && module->interpreters ? module->interpreters
                                          : client->server->configuration.effective.interpreters;
}

/*
 * One that can take the program's module; preferably one that has it already, and
 * one that no other program had to avoid.  Those that have another module of
 * that name are superseded from now on.  With more than one interpreter for the module it is the one with the fewest
 * programs, or none if all have some and there may be one more.
 */
static struct coil_worker *find_worker(struct coil_client *client)
{
    bool is_spread = interpreters(client) > 1;
    struct coil_worker *best = NULL;
    struct coil_worker *worker;
    uint64_t count = 0;
    int best_score = -1;

    bury_dead(client->environment);
    TAILQ_FOREACH(worker, &client->environment->workers, link)
    {
        const struct coil_worker_module *module = coil_worker_module_find(worker, client->name);
        int score = (module ? 2 : 0) + (worker->superseded ? 0 : 1);

        /* Init code that has failed there gets an interpreter that has not seen the attempt. */
        if (!coil_worker_is_usable(worker) || (module && module->has_failed))
            continue;
        if (coil_worker_module_conflicts(worker, client->name, client->hash)) {
            coil_worker_supersede(worker);
            continue;
        }
        count += !worker->superseded;
        if (is_spread && best && worker->users != best->users ? worker->users < best->users : score > best_score) {
            best = worker;
            best_score = score;
        }
    }
    return is_spread && best && best->users > 0 && count < interpreters(client) ? NULL : best;
}

static void choose_worker(struct coil_client *client)
{
    struct coil_worker *worker;

    if (client->server->stopping) {
        coil_client_close(client); /* without a word, so that the program turns to the next daemon */
        return;
    }
    worker = find_worker(client);
    if (!worker && coil_restart_is_stopped(&client->environment->restart)) {
        char text[COIL_ERROR_TEXT_MAX];

        coil_restart_explain(&client->environment->restart, client->server->log_path, text, sizeof text);
        give_up(client, COIL_REFUSED_CRASHES, text);
        return;
    }
    if (!worker)
        worker = coil_spare_take(client->server, client->environment);
    if (!worker && coil_worker_new(client->server, client->environment, &worker) < 0) {
        give_up(client, COIL_REFUSED_LIMIT, "no memory for a worker");
        return;
    }
    COIL_FAULT("worker.chosen");
    worker->superseded = false;
    client->worker = worker;
    coil_worker_hold(worker);
    if (worker->state == COIL_WORKER_READY)
        use_worker(client);
    else
        coil_worker_await_ready(worker, &client->await, worker_is_ready);
}

/* ---- the module ---- */

static void module_is_there(struct coil_client *client)
{
    struct coil_message loaded = { .type = COIL_MESSAGE_LOADED, .max_call_ms = max_call_ms(client) };

    if (client->attached)
        finish(client, &loaded, NULL);
    else
        open_session(client);
}

/* An attached program is told of its worker's death by its session; only one that is attaching gets here with NULL. */
static void load_answered(struct coil_await *await, const struct coil_message *answer)
{
    struct coil_client *client = client_of(await);

    if (!answer)
        worker_lost(client);
    else if (answer->type == COIL_MESSAGE_DONE)
        module_is_there(client);
    else
        give_up_as_told(client, answer);
}

static void load_module(struct coil_client *client)
{
    struct coil_worker *worker = client->attached ? client->session->worker : client->worker;
    int r;

    if (coil_worker_module_conflicts(worker, client->name, client->hash)) {
        if (client->attached) {
            give_up(client, COIL_REFUSED_CONFLICT, "the worker has another module of this name");
            return;
        }
        /* Another program was faster while this one waited for the worker's start. */
        drop_worker(client);
        choose_worker(client);
        return;
    }
    r = coil_worker_module_load(worker, client->name, client->descriptor, &client->await, load_answered);
    if (r < 0)
        give_up(client, COIL_REFUSED_LIMIT, "no memory for a module");
    else if (r > 0)
        module_is_there(client);
}

/* ---- the session ---- */

static void attached(struct coil_client *client)
{
    struct coil_session *session = client->session;
    struct coil_worker *worker = session->worker;
    struct coil_message message = {
        .type = COIL_MESSAGE_ATTACHED,
        .session = session->number,
        .generation = worker->generation,
        .pid = (uint64_t)worker->pid,
        .base = coil_session_base(session),
        .heap = coil_heap_base(&worker->heap),
        .max_call_ms = max_call_ms(client),
    };
    const int fds[] = { session->memory[COIL_MEMORY_REQUESTS], session->memory[COIL_MEMORY_REPLIES],
                        session->memory[COIL_MEMORY_STAGING], worker->pidfd, coil_session_heap(session) };

    client->attached = true;
    free(client->first_name);
    client->first_name = coil_steal_memory(&client->name);
    session->channels = 1;
    coil_spare_want(client->server, worker->environment);
    COIL_FAULT("session.attached");
    finish(client, &message, fds);
    /* The program and the worker have these now; the others are needed for more channels. */
    if (!client->closing) {
        coil_fd_close(&session->memory[COIL_MEMORY_STAGING]);
        coil_fd_close(&session->memory[COIL_MEMORY_HEAP]);
    }
}

static void first_channel_answered(struct coil_await *await, const struct coil_message *answer)
{
    struct coil_client *client = client_of(await);

    if (!answer)
        worker_lost(client);
    else if (answer->type == COIL_MESSAGE_DONE)
        attached(client);
    else
        give_up_as_told(client, answer);
}

static void session_answered(struct coil_await *await, const struct coil_message *answer)
{
    struct coil_client *client = client_of(await);
    struct coil_message message = { .type = COIL_MESSAGE_CHANNEL };

    if (!answer) {
        worker_lost(client);
    } else if (answer->type == COIL_MESSAGE_FAILED && client->worker->retired) {
        /* Python code was edited just now: another interpreter has to read it. */
        coil_session_free(client->session);
        client->session = NULL;
        drop_worker(client);
        choose_worker(client);
    } else if (answer->type == COIL_MESSAGE_FAILED) {
        client->session->offered = false; /* it has not got it: nothing to close there */
        give_up_as_told(client, answer);
    } else {
        message.session = client->session->number;
        coil_worker_ask(client->worker, &message, NULL, &client->await, first_channel_answered);
    }
}

static void open_session(struct coil_client *client)
{
    struct coil_message message = {
        .type = COIL_MESSAGE_SESSION, .pid = (uint64_t)client->pid, .uid = client->uid, .gid = client->gid
    };
    int fds[COIL_MEMORY_COUNT];
    struct coil_session *session;
    struct coil_error error;
    int r = coil_session_new(client->worker, client, client->pid, &session, &error);

    if (r < 0) {
        give_up(client, COIL_REFUSED_LIMIT, error.text);
        return;
    }
    COIL_FAULT("session.made");
    client->session = session;
    session->offered = true;
    message.session = session->number;
    message.base = coil_session_base(session);
    memcpy(fds, session->memory, sizeof fds);
    fds[COIL_MEMORY_HEAP] = coil_session_heap(session);
    coil_worker_ask(client->worker, &message, fds, &client->await, session_answered);
}

/* ---- requests ---- */

/* A system daemon's Python is the administrator's: nothing of a program's environment leads to it. */
static void forget_environment(const struct coil_client *client, struct coil_message *attach)
{
    static const char *const none[] = { NULL };

    attach->python = client->server->configuration.effective.python;
    attach->environment = none;
    attach->cwd = "";
}

void coil_attach_begin(struct coil_client *client, const struct coil_message *message)
{
    struct coil_message attach = *message;
    const struct coil_config_module *module;
    struct coil_error error;

    if (message->protocol != COIL_PROTOCOL) {
        const struct coil_log_about about = coil_client_about(client);

        coil_log_about(&about, "it is refused, because it is of version %s (protocol %llu)", message->version,
                       (unsigned long long)message->protocol);
        coil_client_fail(client, COIL_REFUSED_VERSION,
                         "the program uses libcoil %.64s (protocol %llu), the daemon is coild %s (protocol %d): "
                         "run coilctl stop, so that the next program starts the installed coild, or install one "
                         "version for both",
                         message->version, (unsigned long long)message->protocol, COIL_VERSION, COIL_PROTOCOL);
        return;
    }
    if (client->session || client->attached) {
        coil_client_fail(client, COIL_REFUSED_PROTOCOL, "this connection has its session already");
        return;
    }
    if (take_name(client, message) < 0 || !may_use(client))
        return;
    if (client->server->is_system && message->private_to) {
        give_up(client, COIL_REFUSED_IDENTITY,
                "a system daemon has no Python for a single program: unset COIL_INTERPRETER; init code that needs the "
                "program (lib.f()) does it in a function under @coil.on_open");
        return;
    }
    if (client->server->is_system)
        forget_environment(client, &attach);
    module = configured(client);
    if (module && module->python)
        attach.python = module->python;
    if (coil_environment_find(&client->server->environments, &attach, uv_now(&client->server->loop),
                              &client->environment, &error) < 0) {
        give_up(client, error.code == -ENOMEM ? COIL_REFUSED_LIMIT : COIL_REFUSED_PROTOCOL, error.text);
        return;
    }
    client->attempts = 0;
    client->counted = true;
    coil_server_program_came(client->server);
    need_descriptor(client);
}

static bool is_attached(struct coil_client *client)
{
    if (!client->attached)
        coil_client_fail(client, COIL_REFUSED_PROTOCOL, "this connection has no session: attach first");
    return client->attached;
}

void coil_attach_module(struct coil_client *client, const struct coil_message *message)
{
    const struct coil_config_module *module;

    if (!is_attached(client) || take_name(client, message) < 0 || !may_use(client))
        return;
    module = configured(client);
    if (module && module->python && strcmp(module->python, client->session->worker->environment->python) != 0) {
        give_up(client, COIL_REFUSED_CONFLICT, "the module has a Python of its own, by the daemon's configuration");
        return;
    }
    if (coil_worker_module_conflicts(client->session->worker, client->name, client->hash)) {
        give_up(client, COIL_REFUSED_CONFLICT, "the worker has another module of this name");
        return;
    }
    need_descriptor(client);
}

static void channel_answered(struct coil_await *await, const struct coil_message *answer)
{
    struct coil_client *client = client_of(await);
    struct coil_message done = { .type = COIL_MESSAGE_DONE };

    if (answer->type == COIL_MESSAGE_FAILED) {
        give_up_as_told(client, answer);
        return;
    }
    client->session->channels++;
    finish(client, &done, NULL);
}

void coil_attach_channel(struct coil_client *client, const struct coil_message *message)
{
    struct coil_message forward = { .type = COIL_MESSAGE_CHANNEL, .channel = message->channel };
    struct coil_error error;

    if (!is_attached(client))
        return;
    if (message->session != client->session->number || message->channel >= COIL_CHANNELS_MAX) {
        give_up(client, COIL_REFUSED_PROTOCOL, "there is no such session or channel");
        return;
    }
    if (coil_session_take_channel(client->session, (unsigned)message->channel, &error) < 0 ||
        coil_session_reserve_channel(client->session, (unsigned)message->channel, &error) < 0) {
        give_up(client, COIL_REFUSED_LIMIT, error.text);
        return;
    }
    client->step = COIL_CLIENT_WORKER;
    forward.session = client->session->number;
    coil_worker_ask(client->session->worker, &forward, NULL, &client->await, channel_answered);
}
