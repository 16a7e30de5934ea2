/* Descriptors, by their hash: what clients have sent and workers may need again. */
#ifndef COIL_SUPERVISOR_STORE_H
#define COIL_SUPERVISOR_STORE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "proto/error.h"
#include "proto/image.h"

/* An image that was checked; immutable. */
struct coil_stored {
    TAILQ_ENTRY(coil_stored) link;
    unsigned references;
    uint8_t hash[COIL_HASH_SIZE];
    struct coil_descriptor *image;
    size_t size;
};

struct coil_store {
    TAILQ_HEAD(, coil_stored) descriptors; /* the least recently used first */
    size_t size;                           /* bytes of all images */
    unsigned count;
};

void coil_store_init(struct coil_store *store);
void coil_store_deinit(struct coil_store *store);

/* A new reference, or NULL if the store has not got it. */
struct coil_stored *coil_store_get(struct coil_store *store, const uint8_t hash[COIL_HASH_SIZE]);

/*
 * Checks an image that a client sent and that it claims to have this hash, and
 * keeps a copy.  Gives a new reference.  -EBADMSG, -ENOTSUP or -ENOMEM with words.
 */
int coil_store_put(struct coil_store *store, const void *image, size_t size, const uint8_t hash[COIL_HASH_SIZE],
                   struct coil_stored **ret_stored, struct coil_error *error);

/* One more reference. */
static inline struct coil_stored *coil_stored_ref(struct coil_stored *stored)
{
    stored->references++;
    return stored;
}

void coil_stored_unref(struct coil_stored *stored); /* NULL is ignored */

static inline void coil_stored_unrefp(struct coil_stored **stored)
{
    coil_stored_unref(*stored);
}

/* A checked copy of an image, in no store, with one reference.  `hash` NULL: whatever it is.  Errors as of coil_store_put(). */
int coil_stored_new(const void *image, size_t size, const uint8_t *hash, struct coil_stored **ret_stored,
                    struct coil_error *error);

#endif
