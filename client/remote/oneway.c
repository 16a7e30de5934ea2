/*
 * One-way calls.
 *
 * Such a call is a record in the thread's request ring that nobody answers; it costs the
 * program a copy and a fence.  Calls of one thread, one-way or not, are carried out in the order in which they
 * were made, because they go through one ring.  What their pointers lead to lies behind the frame in the record; what
 * does not fit there is sent as an ordinary call, which keeps the order and only takes longer.
 *
 * A ring without room makes the caller wait.  The worker may be waiting as well, for room for what
 * handlers print, so the caller reads that meanwhile.
 *
 * What became of calls whose worker died: unsent.c.  The thread that owns the channel, always.
 */
#include "client/remote/oneway.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "proto/clock.h"
#include "proto/expression.h"

#define ROOM_INTERVAL_NS 50000 /* between two looks for room */
#define LOOK_INTERVAL_MS 100   /* between two looks at the worker's life */

/* One call on its way. */
struct oneway {
    struct coil_link *link;
    unsigned function;
    const void *call;
    int error_number; /* C's errno, for ffi.errno */
};

void *coil_channel_await_room(struct coil_channel *channel, uint32_t size, int *ret_error)
{
    const struct timespec interval = { 0, ROOM_INTERVAL_NS };
    int64_t looked_ms = 0;
    void *payload;

    for (;;) {
        *ret_error = coil_channel_drain(channel);
        if (*ret_error < 0)
            return NULL;
        payload = coil_producer_spin(&channel->requests, &channel->spin, size);
        if (payload)
            return payload;
        if (channel->requests.is_starved) {
            *ret_error = -ENOMEM;
            return NULL;
        }
        if (coil_deadline_has_passed() || coil_clock_ms() - looked_ms >= LOOK_INTERVAL_MS) {
            *ret_error = coil_channel_look(channel);
            if (*ret_error < 0)
                return NULL;
            looked_ms = coil_clock_ms();
        }
        (void)nanosleep(&interval, NULL);
    }
}

void coil_oneway_publish(struct coil_channel *channel, struct coil_link *link, struct coil_header *header,
                         uint32_t attempts)
{
    struct coil_producer *p = &channel->requests;
    struct coil_oneway_place *place = &channel->oneway->places[p->sequence % COIL_ONEWAY_PLACES];
    const _Atomic uint32_t *commit;

    place->sequence = p->sequence;
    place->attempts = attempts;
    place->begin = p->cursor;
    place->end = p->cursor + p->claimed;
    place->link = link;
    if (!channel->oneway_pending)
        channel->oneway_first = p->sequence;
    channel->oneway_pending = true;
    if (channel->level_count > 0) /* in C code that Python has asked for */
        channel->levels[channel->level_count - 1] |= COIL_LEVEL_ONEWAY;
    header->function = atomic_load_explicit(&link->slot, memory_order_relaxed) << 16 | (header->function & 0xffffu);
    /* A sleeper that is not there may be dead.  A call that waits on this channel will find out itself. */
    if (coil_producer_commit(p, header, &commit) && !coil_ring_wake(commit) && channel->level_count == 0 &&
        coil_session_is_dead(channel->session))
        coil_channel_lost(channel);
}

/* What Python can reach of the program through lib: one-way handlers do so through the service thread. */
static bool has_program(const struct coil_link *link)
{
    return link->program && (link->program->runs || link->program->variables);
}

int coil_oneway_prepare(struct coil_channel *channel, const struct coil_link *link)
{
    if (channel->oneway)
        return 0;
    channel->oneway = calloc(1, sizeof *channel->oneway);
    if (!channel->oneway)
        return -ENOMEM;
    if (has_program(link))
        coil_service_want(channel);
    return 0;
}

/* How many bytes behind a pointer go into the record.  1: more than fit. */
static int measure(const struct oneway *o, const struct coil_descriptor_value *parameter, const void *pointer,
                   uint64_t *ret_size, struct coil_error *error)
{
    uint32_t first_value = coil_image_functions(o->link->image)[o->function].first_value;
    int r = 0;

    if (parameter->crossing == COIL_CROSS_STRING_IN)
        *ret_size = strnlen(pointer, COIL_PAYLOAD_MAX) + 1;
    else
        r = coil_expression_extent(o->link->image, first_value, parameter, o->call, ret_size, error);
    return r < 0 ? r : *ret_size > COIL_PAYLOAD_MAX;
}

/*
 * Writes the frame and what its pointers lead to into `payload`.  0; 1: it does not fit; -ERANGE: a length is none,
 * with words.
 */
static int inline_arguments(const struct oneway *o, unsigned char payload[COIL_PAYLOAD_MAX], uint32_t *ret_size,
                            struct coil_error *error)
{
    const struct coil_descriptor_function *f = &coil_image_functions(o->link->image)[o->function];
    const struct coil_descriptor_value *parameters = coil_image_values(o->link->image) + f->first_value;
    uint64_t used = f->call_size;

    memcpy(payload, o->call, f->call_size);
    for (uint32_t i = 0; i < f->parameter_count; i++) {
        uint64_t offset = 0, size;
        const void *pointer;
        int r;

        if (parameters[i].crossing == COIL_CROSS_VALUE)
            continue;
        memcpy(&pointer, (const char *)o->call + parameters[i].offset, sizeof pointer);
        if (pointer) {
            r = measure(o, &parameters[i], pointer, &size, error);
            if (r != 0)
                return r;
            offset = (used + 15) & ~UINT64_C(15);
            used = offset + size;
            if (used > COIL_PAYLOAD_MAX)
                return 1;
            memcpy(payload + offset, pointer, size);
            if (parameters[i].crossing == COIL_CROSS_STRING_IN)
                payload[used - 1] = '\0'; /* whatever another thread has made of it meanwhile */
        }
        memcpy(payload + parameters[i].offset, &offset, sizeof offset);
    }
    *ret_size = (uint32_t)used;
    return 0;
}

/*
 * Queues a record.  -ESRCH, -ETIMEDOUT and so on, as coil_channel_receive().  While another call waits on the
 * channel (C runs, called by Python), a dead one stays in place until that call has noticed, so the record is kept
 * aside.
 */
static int queue(struct coil_channel *channel, const struct oneway *o, struct coil_header *header, const void *payload)
{
    void *place;
    int r;

    /* Behind one that found no room, a smaller one might find some. */
    if (channel->level_count > 0 && coil_thread_self->unsent)
        return coil_oneway_keep(coil_thread_self, o->link, header, payload);
    place = coil_channel_claim(channel, header->size, &r);
    if (__builtin_expect(!place, 0)) {
        if (r == -ESRCH && channel->level_count > 0)
            return coil_oneway_keep(coil_thread_self, o->link, header, payload);
        return r;
    }
    coil_frame_copy(place, payload, header->size);
    coil_oneway_publish(channel, o->link, header, 0);
    return 0;
}

static int queue_pointers(struct coil_channel *channel, const struct oneway *o, struct coil_header *header,
                          struct coil_error *error)
{
    unsigned char payload[COIL_PAYLOAD_MAX];
    int r;

    header->flags = COIL_CALL_ONEWAY | COIL_CALL_INLINE;
    r = inline_arguments(o, payload, &header->size, error);
    return r == 0 ? queue(channel, o, header, payload) : r;
}

/* 0: queued; 1: to be sent as an ordinary call; -EAGAIN: the worker died, to be sent to the next one; else with words.
 */
static int send_once(const struct oneway *o, enum coil_status *ret_status, struct coil_error *error)
{
    const struct coil_client_function *f = &o->link->functions[o->function];
    struct coil_header header = { .kind = COIL_RECORD_CALL,
                                  .flags = COIL_CALL_ONEWAY,
                                  .size = f->call_size,
                                  .function = o->function,
                                  .error_number = o->error_number };
    struct coil_channel *channel;
    int r;

    r = coil_remote_find(o->link, &channel, ret_status, error);
    if (r < 0)
        return r;
    *ret_status = COIL_E_MEMORY;
    if (__builtin_expect(!channel->oneway, 0) && coil_oneway_prepare(channel, o->link) < 0)
        return coil_error_set(error, -ENOMEM, "no memory for one-way calls");
    *ret_status = COIL_E_LENGTH;
    if (coil_consumer_ready(&channel->replies)) /* earlier ones have printed something */
        r = coil_channel_drain(channel);
    if (r == 0)
        r = __builtin_expect(f->plain, 1) ? queue(channel, o, &header, o->call)
                                          : queue_pointers(channel, o, &header, error);
    if (r >= 0 || r == -ERANGE)
        return r;
    if (r == -ENOMEM) {
        *ret_status = COIL_E_MEMORY;
        return coil_error_set(error, r, "no memory to queue the call");
    }
    r = coil_channel_explain(channel, r, ret_status, error);
    if (r == -EAGAIN)
        coil_channel_lost(channel);
    if (r == -ETIME) {
        coil_deadline_explain(ret_status, error, "the ring was full of calls that the worker has not carried out");
        coil_late_say(channel->session); /* nothing else tells whether the worker is stuck */
    }
    return r;
}

bool coil_oneway_call(struct coil_link *link, unsigned function, const void *call)
{
    const struct oneway o = { .link = link, .function = function, .call = call, .error_number = errno };
    enum coil_status status;
    struct coil_error error; /* large, so it is filled only when it is needed */
    int r = -EAGAIN;

    if (!link->functions[function].inlines)
        return false;
    for (unsigned i = 0; i < COIL_ONEWAY_ATTEMPTS_MAX && r == -EAGAIN; i++)
        r = send_once(&o, &status, &error);
    if (r < 0)
        coil_status_fail(link, function, NULL, status, &error);
    else if (r == 0)
        coil_thread_self->status = COIL_OK;
    if (coil_thread_self && __builtin_expect(coil_thread_self->unsent != NULL, 0))
        (void)coil_unsent_send(coil_thread_self);
    errno = o.error_number;
    return r <= 0;
}
