/*
 * One-way calls: what oneway.c, unsent.c and flush.c share.
 */
#ifndef COIL_REMOTE_ONEWAY_H
#define COIL_REMOTE_ONEWAY_H

#include "client/remote/remote.h"

#define COIL_ONEWAY_PLACES (COIL_RING_SIZE / COIL_LINE) /* records in a ring, at most */
#define COIL_ONEWAY_ATTEMPTS_MAX 10u                    /* workers that may die before a call starts */

/* Where a one-way call lies that may not have been carried out yet. */
struct coil_oneway_place {
    uint32_t sequence;   /* of its record; 0: none */
    uint32_t attempts;   /* workers that have died with it in their ring */
    uint64_t begin, end; /* cursors */
    struct coil_link *link;
};

/* A channel's: made at its first one-way call, freed with free(). */
struct coil_oneway {
    struct coil_oneway_place places[COIL_ONEWAY_PLACES]; /* by sequence number */
};

/* ---- oneway.c ---- */
int coil_oneway_prepare(struct coil_channel *channel, const struct coil_link *link); /* -ENOMEM */

/* Publishes a call whose payload has been claimed and written; `header->function` is the function's number in its
 * module. */
void coil_oneway_publish(struct coil_channel *channel, struct coil_link *link, struct coil_header *header,
                         uint32_t attempts);

/* ---- flush.c ---- */

/* Has the worker refused calls of the channel that the thread does not know of yet?  The next coil_flush() tells. */
void coil_oneway_note_refused(struct coil_thread *thread, struct coil_channel *channel);

/* ---- unsent.c ---- */

/* Keeps a call that has no channel to go to, behind all others.  -ENOMEM. */
int coil_oneway_keep(struct coil_thread *thread, struct coil_link *link, const struct coil_header *header,
                     const void *payload);

#endif
