/*
 * Descriptors, by their hash.
 *
 * Purpose: a program offers only the hash of its module; the image crosses once
 * in a daemon's life.  Images come from clients, so they are checked here, before
 * a worker builds tables from them.  A module that is rebuilt all day leaves many
 * images: beyond a bound the ones that were not used for longest go, and a
 * client that needs one again is simply asked for it.
 *
 * Called by attach.c and module.c, main thread.  References are counted, because
 * requests keep an image over turns of the loop.
 */
#include "daemon/supervisor/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/cleanup.h"

#define STORE_SIZE_MAX ((size_t)64 << 20)

void coil_store_init(struct coil_store *store)
{
    *store = (struct coil_store){ 0 };
    TAILQ_INIT(&store->descriptors);
}

void coil_stored_unref(struct coil_stored *stored)
{
    if (!stored || --stored->references)
        return;
    free(stored->image);
    free(stored);
}

int coil_stored_new(const void *image, size_t size, const uint8_t *hash, struct coil_stored **ret_stored,
                    struct coil_error *error)
{
    COIL_CLEANUP(coil_memory_free) struct coil_descriptor *copy = NULL;
    struct coil_stored *stored;
    int r = coil_descriptor_copy(image, size, hash, &copy, error);

    if (r < 0)
        return r;
    stored = calloc(1, sizeof *stored);
    if (!stored)
        return coil_error_set(error, -ENOMEM, "no memory for a descriptor of %zu bytes", size);
    coil_descriptor_hash(copy, stored->hash);
    stored->image = coil_steal_memory(&copy);
    stored->size = size;
    stored->references = 1;
    *ret_stored = stored;
    return 0;
}

static void drop(struct coil_store *store, struct coil_stored *stored)
{
    TAILQ_REMOVE(&store->descriptors, stored, link);
    store->size -= stored->size;
    store->count--;
    coil_stored_unref(stored);
}

void coil_store_deinit(struct coil_store *store)
{
    struct coil_stored *stored;

    while ((stored = TAILQ_FIRST(&store->descriptors)))
        drop(store, stored);
}

struct coil_stored *coil_store_get(struct coil_store *store, const uint8_t hash[COIL_HASH_SIZE])
{
    struct coil_stored *stored;

    TAILQ_FOREACH(stored, &store->descriptors, link)
    {
        if (memcmp(stored->hash, hash, COIL_HASH_SIZE) == 0) {
            TAILQ_REMOVE(&store->descriptors, stored, link);
            TAILQ_INSERT_TAIL(&store->descriptors, stored, link);
            stored->references++;
            return stored;
        }
    }
    return NULL;
}

int coil_store_put(struct coil_store *store, const void *image, size_t size, const uint8_t hash[COIL_HASH_SIZE],
                   struct coil_stored **ret_stored, struct coil_error *error)
{
    struct coil_stored *stored = coil_store_get(store, hash);
    int r;

    if (stored) {
        *ret_stored = stored;
        return 0;
    }
    r = coil_stored_new(image, size, hash, &stored, error);
    if (r < 0)
        return r;
    (void)coil_stored_ref(stored); /* the caller's; the first one is the store's */
    TAILQ_INSERT_TAIL(&store->descriptors, stored, link);
    store->size += size;
    store->count++;
    while (store->size > STORE_SIZE_MAX && TAILQ_FIRST(&store->descriptors) != stored)
        drop(store, TAILQ_FIRST(&store->descriptors));
    *ret_stored = stored;
    return 0;
}
