/*
 * One-way calls whose worker died.
 *
 * `started` says which handler was entered last.  Calls behind it are copied out of the
 * ring, and sent to the next worker before anything else of this thread.  The one that had been
 * entered is lost, unless the worker has told (`consumed`) that it is done with it; that is said on stderr, and
 * coil_flush() returns -1.
 *
 * The ring's memory is read again here, which I6 forbids: only this process can write it, its worker is dead, and where
 * the records lie is known from private memory.
 *
 * The thread that owns the channel, always.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "client/remote/oneway.h"
#include "proto/cleanup.h"
#include "proto/fault.h"

struct coil_unsent {
    struct coil_unsent *next;
    struct coil_link *link;
    struct coil_header header; /* function: its number in its module */
    uint32_t attempts;
    unsigned char payload[];
};

static void unsent_free(struct coil_unsent **unsent)
{
    free(*unsent);
    *unsent = NULL;
}

static struct coil_unsent *unsent_new(struct coil_link *link, const struct coil_header *header, const void *payload,
                                      uint32_t attempts)
{
    struct coil_unsent *unsent = malloc(sizeof *unsent + header->size);

    if (!unsent)
        return NULL;
    *unsent = (struct coil_unsent){ .link = link, .header = *header, .attempts = attempts };
    unsent->header.function &= 0xffffu;
    memcpy(unsent->payload, payload, header->size);
    return unsent;
}

/* Says that a call is lost, once; and to the next coil_flush(). */
static void lose(struct coil_thread *thread, const struct coil_link *link, unsigned function, const char *why)
{
    thread->oneway_lost = COIL_E_DIED;
    coil_error_set(&thread->oneway_error, -ESRCH, "%s.%s(): the one-way call %s", coil_image_name(link->image),
                   coil_link_function_name(link, function & 0xffffu), why);
    coil_status_print("%s", thread->oneway_error.text);
}

int coil_oneway_keep(struct coil_thread *thread, struct coil_link *link, const struct coil_header *header,
                     const void *payload)
{
    struct coil_unsent **at = &thread->unsent;

    while (*at)
        at = &(*at)->next;
    *at = unsent_new(link, header, payload, 0);
    return *at ? 0 : -ENOMEM;
}

/* ---- from the ring ---- */

/* The header of a record in our own ring. */
static struct coil_header header_at(const struct coil_record *record)
{
    uint32_t what = atomic_load_explicit(&record->what, memory_order_relaxed);

    return (struct coil_header){
        .kind = COIL_RECORD_CALL,
        .flags = (uint8_t)(what >> 8),
        .size = atomic_load_explicit(&record->size, memory_order_relaxed),
        .function = atomic_load_explicit(&record->function, memory_order_relaxed),
        .error_number = atomic_load_explicit(&record->error_number, memory_order_relaxed),
    };
}

/* Has the worker done with the call, or begun it? */
static bool is_done(const struct coil_channel *channel, const struct coil_oneway_place *place, bool *ret_started)
{
    uint32_t started = atomic_load_explicit(&channel->worker->started, memory_order_acquire);   /* S */
    uint64_t consumed = atomic_load_explicit(&channel->worker->consumed, memory_order_acquire); /* C */

    *ret_started = place->sequence == started;
    return (int32_t)(place->sequence - started) < 0 ||
           (*ret_started && consumed >= place->end && consumed <= channel->requests.cursor);
}

/* A copy of a call that has to be sent again; NULL: it is done, or lost.  `is_final`: the worker will not start it any
 * more. */
static struct coil_unsent *save(struct coil_thread *thread, const struct coil_channel *channel,
                                const struct coil_oneway_place *place, bool is_final)
{
    const struct coil_record *record = coil_producer_at(&channel->requests, place->begin);
    struct coil_header header = header_at(record);
    struct coil_unsent *unsent;
    bool started;

    if (is_done(channel, place, &started))
        return NULL;
    if (started)
        lose(thread, place->link, header.function, "was under way when the Python worker died");
    else if (!is_final)
        lose(thread, place->link, header.function, "may be lost: the daemon no longer serves this program's session");
    else if (channel->is_broken)
        lose(thread, place->link, header.function, "is lost: the worker has closed the channel; its log says why");
    else if (place->attempts + 1 >= COIL_ONEWAY_ATTEMPTS_MAX)
        lose(thread, place->link, header.function, "is lost: too many Python workers died before it began");
    else if (!(unsent = unsent_new(place->link, &header, record->payload, place->attempts + 1)))
        lose(thread, place->link, header.function, "is lost: no memory to send it again");
    else
        return unsent;
    return NULL;
}

/* Waits until the worker cannot start anything more.  False: nobody knows. */
static bool await_end(struct coil_channel *channel)
{
    const struct timespec moment = { 0, 1000000 };
    int r;

    while ((r = coil_channel_look(channel)) == 0)
        (void)nanosleep(&moment, NULL);
    return r == -ESRCH;
}

void coil_unsent_save(struct coil_thread *thread, struct coil_channel *channel)
{
    struct coil_unsent *first = NULL, **at = &first;
    uint32_t begin, end = channel->requests.sequence;
    bool is_final;

    if (!channel->oneway_pending) {
        coil_oneway_note_refused(thread, channel);
        return;
    }
    COIL_FAULT("unsent.save");
    is_final = await_end(channel);
    (void)coil_channel_drain(channel); /* the last that its handlers have printed */
    coil_oneway_note_refused(thread, channel);
    /* Places of earlier ones are still there, but not their records: the ring has gone back since. */
    begin = end - channel->oneway_first < COIL_ONEWAY_PLACES ? channel->oneway_first : end - COIL_ONEWAY_PLACES;
    for (uint32_t sequence = begin; sequence != end; sequence++) {
        const struct coil_oneway_place *place = &channel->oneway->places[sequence % COIL_ONEWAY_PLACES];

        if (sequence == 0 || place->sequence != sequence)
            continue;
        *at = save(thread, channel, place, is_final);
        if (*at)
            at = &(*at)->next;
    }
    channel->oneway_pending = false;
    *at = thread->unsent; /* made later */
    thread->unsent = first;
    if (first)
        thread->channel = NULL; /* so that the next call comes by coil_unsent_send() */
}

/* ---- to the next worker ---- */

/* 0; -EAGAIN: that worker died as well, and the call is in the list again; else with words. */
static int send_one(struct coil_thread *thread, struct coil_channel *channel, struct coil_unsent *unsent,
                    struct coil_error *error)
{
    enum coil_status status;
    void *payload;
    int r;

    if (coil_oneway_prepare(channel, unsent->link) < 0)
        return coil_error_set(error, -ENOMEM, "no memory for one-way calls");
    payload = coil_channel_claim(channel, unsent->header.size, &r);
    if (payload) {
        memcpy(payload, unsent->payload, unsent->header.size);
        coil_oneway_publish(channel, unsent->link, &unsent->header, unsent->attempts);
        return 0;
    }
    r = coil_channel_explain(channel, r, &status, error);
    if (r != -EAGAIN || ++unsent->attempts >= COIL_ONEWAY_ATTEMPTS_MAX)
        return r == -EAGAIN ? -ESRCH : r;
    unsent->next = thread->unsent; /* before the channel is given up: what that has still got comes first */
    thread->unsent = unsent;
    coil_channel_lost(channel);
    return -EAGAIN;
}

bool coil_unsent_can_go(const struct coil_thread *thread)
{
    for (const struct coil_channel *channel = thread->channels; channel; channel = channel->next)
        if (channel->level_count > 0)
            return false;
    return thread->unsent != NULL;
}

int coil_unsent_send(struct coil_thread *thread)
{
    int cancel, result = 0;

    if (!coil_unsent_can_go(thread))
        return 0;
    /* A thread that is cancelled here would leave with locks held. */
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    while (result == 0 && thread->unsent) {
        COIL_CLEANUP(unsent_free) struct coil_unsent *unsent = NULL;
        const struct coil_unsent *first = thread->unsent;
        struct coil_channel *channel;
        enum coil_status status;
        char why[COIL_ERROR_TEXT_MAX];
        struct coil_error error;
        int r;

        r = coil_remote_channel(first->link, &channel, &status, &error);
        if (thread->unsent != first)
            continue;      /* another worker has died meanwhile, and what was in its ring comes first */
        if (r == -ETIME) { /* of the call for which they are sent: they go before the next one */
            result = r;
            continue;
        }
        unsent = thread->unsent;
        thread->unsent = unsent->next;
        COIL_FAULT("unsent.send");
        if (r == 0)
            r = send_one(thread, channel, unsent, &error);
        if (r == -EAGAIN) {
            unsent = NULL; /* the list's again */
        } else if (r < 0) {
            (void)snprintf(why, sizeof why, "is lost: %.*s", COIL_ERROR_TEXT_MAX - 16, error.text);
            lose(thread, unsent->link, unsent->header.function, why);
        }
    }
    (void)pthread_setcancelstate(cancel, NULL);
    return result;
}

void coil_unsent_forget(struct coil_thread *thread, const char *why)
{
    while (thread->unsent) {
        COIL_CLEANUP(unsent_free) struct coil_unsent *unsent = thread->unsent;

        thread->unsent = unsent->next;
        if (why)
            lose(thread, unsent->link, unsent->header.function, why);
    }
}
