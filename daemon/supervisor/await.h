/*
 * One thing that someone waits for from a worker: its start, an answer, a module.
 *
 * It is embedded in whoever waits and is in at most one list.  It ends exactly
 * once, by its function or by being cancelled.
 */
#ifndef COIL_SUPERVISOR_AWAIT_H
#define COIL_SUPERVISOR_AWAIT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "proto/message.h"

TAILQ_HEAD(coil_awaits, coil_await);

struct coil_await {
    TAILQ_ENTRY(coil_await) link;
    struct coil_awaits *list; /* NULL: nothing is awaited */
    uint64_t request;         /* the number the worker will repeat */

    /* `answer` is done, failed or ready, borrowed; NULL: the worker has died. */
    void (*answered)(struct coil_await *await, const struct coil_message *answer);
};

static inline void coil_await_begin(struct coil_await *await, struct coil_awaits *list, uint64_t request,
                                    void (*answered)(struct coil_await *, const struct coil_message *))
{
    await->list = list;
    await->request = request;
    await->answered = answered;
    TAILQ_INSERT_TAIL(list, await, link);
}

static inline void coil_await_cancel(struct coil_await *await)
{
    if (await->list)
        TAILQ_REMOVE(await->list, await, link);
    await->list = NULL;
}

static inline void coil_await_end(struct coil_await *await, const struct coil_message *answer)
{
    coil_await_cancel(await);
    await->answered(await, answer);
}

/* Ends all that are in the list now.  A function that begins to wait again must use another list. */
static inline void coil_awaits_end(struct coil_awaits *list, const struct coil_message *answer)
{
    struct coil_await *await;

    while ((await = TAILQ_FIRST(list)))
        coil_await_end(await, answer);
}

#endif
