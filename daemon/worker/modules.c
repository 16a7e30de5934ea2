/*
 * The modules of this worker: descriptors by hash, slots by number.
 *
 * A slot is the number by which calls name a module; it is the same for all
 * sessions and never reused.  Entries are immortal and the table has a fixed
 * size, so that a call finds its module without a lock.  Any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/worker/worker.h"
#include "proto/cleanup.h"
#include "proto/fault.h"

#define MODULES_MAX 4096u

static_assert(COIL_DOING_SLOT(COIL_DOING_CALL - 1) == MODULES_MAX - 1, "COIL_DOING_* has room for every slot");

static pthread_mutex_t modules_lock = PTHREAD_MUTEX_INITIALIZER; /* guards adding */
static struct coil_worker_module *_Atomic modules[MODULES_MAX];  /* release D in add, acquire D in coil_modules_slot */
static _Atomic uint32_t module_count;                            /* release D, acquire D likewise */

struct coil_worker_module *coil_modules_slot(uint32_t slot)
{
    if (slot >= atomic_load_explicit(&module_count, memory_order_acquire)) /* D */
        return NULL;
    return atomic_load_explicit(&modules[slot], memory_order_acquire); /* D */
}

struct coil_worker_module *coil_modules_find(const uint8_t hash[COIL_HASH_SIZE])
{
    struct coil_worker_module *module;

    for (uint32_t slot = 0; (module = coil_modules_slot(slot)); slot++)
        if (memcmp(module->hash, hash, COIL_HASH_SIZE) == 0)
            return module;
    return NULL;
}

int coil_modules_function(uint32_t id, struct coil_worker_function *ret_function, struct coil_error *error)
{
    struct coil_worker_module *module = coil_modules_slot(id >> 16);
    struct coil_host_module *host = module ? atomic_load_explicit(&module->host, memory_order_acquire) : NULL; /* O */
    uint32_t index = id & 0xffffu;

    if (!host || index >= module->image->functions.count)
        return coil_error_set(error, -EPROTO, "the client called a function that is not there (%#x)", id);
    *ret_function = (struct coil_worker_function){ module, &coil_image_functions(module->image)[index], host, index };
    return 0;
}

struct coil_worker_module *coil_modules_of(const struct coil_host_module *host)
{
    struct coil_worker_module *module;

    for (uint32_t slot = 0; (module = coil_modules_slot(slot)); slot++)
        if (atomic_load_explicit(&module->host, memory_order_acquire) == host) /* O */
            return module;
    return NULL;
}

static void module_free(struct coil_worker_module *module)
{
    if (!module)
        return;
    free((void *)(uintptr_t)module->image);
    free(module->error_values);
    free(module->pointers);
    free(module->refusals);
    free(module->count);
    free(module);
}

static void module_freep(struct coil_worker_module **module)
{
    module_free(*module);
}

/* What crosses as a pointer that Python follows, or calls. */
static enum coil_worker_pointers pointers_of(const struct coil_descriptor *image,
                                             const struct coil_descriptor_function *function)
{
    const struct coil_descriptor_value *parameters = coil_image_values(image) + function->first_value;
    enum coil_worker_pointers found = COIL_POINTERS_NONE;

    for (uint32_t i = 0; i < function->parameter_count; i++)
        if (parameters[i].crossing == COIL_CROSS_FUNCTION)
            found = COIL_POINTERS_FUNCTIONS;
        else if (parameters[i].crossing != COIL_CROSS_VALUE || parameters[i].shape)
            return COIL_POINTERS_ANY;
    return found;
}

/* What calls need to know of each function. */
static int lay_out_functions(struct coil_worker_module *module)
{
    uint32_t count = module->image->functions.count;

    module->error_values = calloc(count + 1, sizeof *module->error_values);
    module->pointers = calloc(count + 1, sizeof *module->pointers);
    module->refusals = calloc(count + 1, sizeof *module->refusals); /* the last one is for the init code */
    if (!module->error_values || !module->pointers || !module->refusals)
        return -ENOMEM;
    module->error_values_size = coil_image_error_values(module->image, COIL_ERROR_VALUES_SIZE, module->error_values);
    for (uint32_t i = 0; i < count; i++)
        module->pointers[i] = (uint8_t)pointers_of(module->image, &coil_image_functions(module->image)[i]);
    return 0;
}

int coil_modules_add(const uint8_t hash[COIL_HASH_SIZE], const void *image, size_t size, struct coil_error *error)
{
    COIL_CLEANUP(module_freep) struct coil_worker_module *module = NULL;
    struct coil_descriptor *image_copy;
    int r;

    if (coil_modules_find(hash))
        return 0;
    module = calloc(1, sizeof *module);
    if (!module)
        return coil_error_set(error, -ENOMEM, "no memory for a module");
    r = coil_descriptor_copy(image, size, hash, &image_copy, error);
    if (r < 0)
        return r;
    module->image = image_copy;
    memcpy(module->hash, hash, COIL_HASH_SIZE);
    if (lay_out_functions(module) < 0)
        return coil_error_set(error, -ENOMEM, "no memory for module '%s'", coil_image_name(module->image));

    (void)pthread_mutex_lock(&modules_lock);
    module->slot = atomic_load_explicit(&module_count, memory_order_relaxed);
    module->count = module->slot < MODULES_MAX ? coil_tally_new(module->slot) : NULL;
    if (module->slot < MODULES_MAX && !module->count) {
        r = coil_error_set(error, -ENOMEM, "no memory for module '%s'", coil_image_name(module->image));
    } else if (module->slot < MODULES_MAX) {
        atomic_store_explicit(&modules[module->slot], module, memory_order_release);  /* D */
        atomic_store_explicit(&module_count, module->slot + 1, memory_order_release); /* D */
        module = NULL;
    } else {
        r = coil_error_set(error, -ENOSPC, "this worker has loaded %u modules already", MODULES_MAX);
    }
    (void)pthread_mutex_unlock(&modules_lock);
    return r;
}

int coil_modules_refuse(const uint8_t hash[COIL_HASH_SIZE], uint64_t function, const char *text,
                        struct coil_error *error)
{
    struct coil_worker_module *module = coil_modules_find(hash);
    uint32_t count = module ? module->image->functions.count : 0;
    char *copy = NULL;

    if (!module || (function >= count && function != UINT32_MAX))
        return coil_error_set(error, -ENOENT, "there is no such function to refuse");
    if (*text) {
        copy = strdup(text); /* never freed: a channel may be reading it */
        if (!copy)
            return coil_error_set(error, -ENOMEM, "no memory to refuse a function");
    }
    atomic_store_explicit(&module->refusals[function < count ? function : count], copy, memory_order_release); /* J */
    return 0;
}

int coil_modules_open(struct coil_worker_module *module, struct coil_host_module **ret_host, struct coil_error *error)
{
    struct coil_message news = { .type = COIL_MESSAGE_OPENED };
    bool was_open = atomic_load_explicit(&module->host, memory_order_relaxed);
    int r = coil_worker_host->module_open(module->image, module->hash, ret_host, error);

    coil_call_child_ends();
    COIL_FAULT("module.opened");
    if (r >= 0)
        atomic_store_explicit(&module->host, *ret_host, memory_order_release); /* O */
    memcpy(news.hash, module->hash, COIL_HASH_SIZE);
    if (r == -ENOEXEC)
        news.type = COIL_MESSAGE_INIT_FAILED;
    if (r >= 0)
        coil_watch_look();
    if (r == -ENOEXEC || (r == 0 && !was_open))
        coil_link_say(&news);
    return r;
}
