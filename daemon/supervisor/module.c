/*
 * The modules a worker has been given.
 *
 * Purpose: a descriptor crosses to a worker once, however many programs ask for it
 * at the same time, and two modules of one name never meet in one interpreter.
 * A name is taken as soon as the load was sent, so that overlapping requests
 * see the conflict too.
 *
 * Called by attach.c and worker.c, main thread.  Entries belong to the worker.
 */
#include "daemon/supervisor/module.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/supervisor/blame.h"

static void module_free(struct coil_worker_module *module)
{
    coil_await_cancel(&module->load);
    coil_stored_unref(module->descriptor);
    free(module->name);
    free(module);
}

struct coil_worker_module *coil_worker_module_find(struct coil_worker *worker, const char *name)
{
    struct coil_worker_module *module;

    TAILQ_FOREACH(module, &worker->modules, link)
    {
        if (strcmp(module->name, name) == 0)
            return module;
    }
    return NULL;
}

const struct coil_worker_module *coil_worker_module_at(const struct coil_worker *worker, uint32_t slot)
{
    const struct coil_worker_module *module;

    TAILQ_FOREACH(module, &worker->modules, link)
    {
        if (module->loaded && module->slot == slot)
            return module;
    }
    return NULL;
}

bool coil_worker_module_is_sent(const struct coil_worker *worker, const uint8_t hash[COIL_HASH_SIZE])
{
    const struct coil_worker_module *module;

    TAILQ_FOREACH(module, &worker->modules, link)
    {
        if (*module->name && memcmp(module->hash, hash, COIL_HASH_SIZE) == 0)
            return true;
    }
    return false;
}

void coil_worker_module_news(struct coil_worker *worker, const uint8_t hash[COIL_HASH_SIZE], bool is_open)
{
    struct coil_worker_module *module;

    TAILQ_FOREACH(module, &worker->modules, link)
    {
        if (!module->loaded || memcmp(module->hash, hash, COIL_HASH_SIZE) != 0)
            continue;
        module->is_open = module->is_open || is_open;
        module->has_failed = !module->is_open;
    }
}

bool coil_worker_modules_all_failed(const struct coil_worker *worker)
{
    const struct coil_worker_module *module;

    TAILQ_FOREACH(module, &worker->modules, link)
    {
        if (!module->has_failed)
            return false;
    }
    return !TAILQ_EMPTY(&worker->modules);
}

bool coil_worker_module_conflicts(struct coil_worker *worker, const char *name, const uint8_t hash[COIL_HASH_SIZE])
{
    const struct coil_worker_module *module = coil_worker_module_find(worker, name);

    return module && memcmp(module->hash, hash, COIL_HASH_SIZE) != 0;
}

/* A worker that refused a module has not got it: the name is free before those who wait are told. */
static void load_answered(struct coil_await *await, const struct coil_message *answer)
{
    struct coil_worker_module *module =
        (struct coil_worker_module *)(void *)((char *)await - offsetof(struct coil_worker_module, load));

    if (answer && answer->type == COIL_MESSAGE_DONE) {
        module->loaded = true;
        module->slot = module->worker->modules_loaded++;
        coil_awaits_end(&module->starters, answer);
        return;
    }
    /* The name is taken from the entry, so that nobody finds it; it goes with the worker. */
    module->name[0] = '\0';
    coil_awaits_end(&module->starters, answer);
}

int coil_worker_module_load(struct coil_worker *worker, const char *name, struct coil_stored *descriptor,
                            struct coil_await *await,
                            void (*answered)(struct coil_await *, const struct coil_message *))
{
    struct coil_worker_module *module = coil_worker_module_find(worker, name);
    struct coil_message message = { .type = COIL_MESSAGE_LOAD };

    if (module && module->loaded)
        return 1;
    if (module) {
        coil_await_begin(await, &module->starters, 0, answered);
        return 0;
    }
    module = calloc(1, sizeof *module);
    if (!module)
        return -ENOMEM;
    module->name = strdup(name);
    if (!module->name) {
        free(module);
        return -ENOMEM;
    }
    memcpy(module->hash, descriptor->hash, COIL_HASH_SIZE);
    module->worker = worker;
    module->descriptor = coil_stored_ref(descriptor);
    TAILQ_INIT(&module->starters);
    TAILQ_INSERT_TAIL(&worker->modules, module, link);
    coil_await_begin(await, &module->starters, 0, answered);
    memcpy(message.hash, descriptor->hash, COIL_HASH_SIZE);
    message.descriptor = (struct coil_bytes){ descriptor->image, descriptor->size };
    coil_worker_ask(worker, &message, NULL, &module->load, load_answered);
    coil_blames_tell(worker, module->hash);
    return 0;
}

void coil_worker_modules_deinit(struct coil_worker *worker)
{
    struct coil_worker_module *module;

    while ((module = TAILQ_FIRST(&worker->modules))) {
        TAILQ_REMOVE(&worker->modules, module, link);
        module_free(module);
    }
}
