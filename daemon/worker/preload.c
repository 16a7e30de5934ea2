/*
 * Opening a module before any program asks for it.
 *
 * Purpose: a new generation has to show that it can run what the old one runs before it takes its place.  The
 * init code runs on a thread of its own, because it may take long, and the link goes on meanwhile.  What it prints
 * goes to the daemon's log.
 *
 * Init code that needs the program (-EUNATCH) has not failed: it just cannot be run beforehand.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/worker/worker.h"
#include "proto/cleanup.h"

struct preload {
    struct coil_worker_module *module;
    uint64_t request;
};

static int open_module(struct coil_worker_module *module, struct coil_error *error)
{
    struct coil_host_thread *thread = coil_worker_host->thread_attach(NULL);
    struct coil_host_module *host;
    int r;

    if (!thread)
        return coil_error_set(error, -ENOMEM, "no memory for a Python thread state");
    coil_worker_host->enter(thread);
    r = coil_modules_open(module, &host, error);
    coil_worker_host->leave(thread);
    coil_worker_host->thread_detach(thread);
    return r == -EUNATCH ? 0 : r;
}

static void *preload_main(void *argument)
{
    COIL_CLEANUP(coil_memory_free) struct preload *preload = argument;
    struct coil_error error = { 0 };
    int r = open_module(preload->module, &error);

    coil_link_answer(preload->request, r, &error);
    return NULL;
}

int coil_preload_start(const uint8_t hash[COIL_HASH_SIZE], uint64_t request, struct coil_error *error)
{
    COIL_CLEANUP(coil_memory_free) struct preload *preload = malloc(sizeof *preload);
    pthread_attr_t attributes;
    pthread_t thread;
    int r;

    if (!preload)
        return coil_error_set(error, -ENOMEM, "no memory to open a module");
    *preload = (struct preload){ coil_modules_find(hash), request };
    if (!preload->module)
        return coil_error_set(error, -ENOENT, "the module that is to be opened was not sent");
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, COIL_CHANNEL_STACK_SIZE);
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    r = pthread_create(&thread, &attributes, preload_main, preload);
    (void)pthread_attr_destroy(&attributes);
    if (r)
        return coil_error_set(error, -r, "no thread to open a module: %s", strerror(r));
    preload = NULL;
    return 0;
}
