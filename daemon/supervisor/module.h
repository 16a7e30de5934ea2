/* The modules a worker has been given: each descriptor goes to a worker once. */
#ifndef COIL_SUPERVISOR_MODULE_H
#define COIL_SUPERVISOR_MODULE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "daemon/supervisor/await.h"
#include "daemon/supervisor/store.h"
#include "daemon/supervisor/worker.h"

struct coil_worker_module {
    TAILQ_ENTRY(coil_worker_module) link;
    struct coil_worker *worker;
    char *name;
    uint8_t hash[COIL_HASH_SIZE];
    struct coil_stored *descriptor;
    bool loaded;
    uint32_t slot;               /* the worker's number for it, once it is loaded */
    bool is_open;                /* its init code has run */
    bool has_failed;             /* its init code has raised an exception, and has not run since */
    struct coil_await load;      /* the worker's answer */
    struct coil_awaits starters; /* who waits for it */
};

/* The worker's module of this name, loaded or about to be; NULL if it has none. */
struct coil_worker_module *coil_worker_module_find(struct coil_worker *worker, const char *name);

/* The loaded module with this number; NULL if there is none. */
const struct coil_worker_module *coil_worker_module_at(const struct coil_worker *worker, uint32_t slot);

/* Has the worker been sent the module with this hash? */
bool coil_worker_module_is_sent(const struct coil_worker *worker, const uint8_t hash[COIL_HASH_SIZE]);

/* What became of a module's init code. */
void coil_worker_module_news(struct coil_worker *worker, const uint8_t hash[COIL_HASH_SIZE], bool is_open);

/* Has the worker modules, and has the init code of each of them failed? */
bool coil_worker_modules_all_failed(const struct coil_worker *worker);

/* True if the worker has another module of this name. */
bool coil_worker_module_conflicts(struct coil_worker *worker, const char *name, const uint8_t hash[COIL_HASH_SIZE]);

/*
 * Makes the worker know the module: 1 if it does already; 0: `answered` will be
 * called.  No conflict.  -ENOMEM.
 */
int coil_worker_module_load(struct coil_worker *worker, const char *name, struct coil_stored *descriptor,
                            struct coil_await *await,
                            void (*answered)(struct coil_await *, const struct coil_message *));

/* Forgets all; nobody waits any more. */
void coil_worker_modules_deinit(struct coil_worker *worker);

#endif
