/*
 * One-way calls: CALL records that nobody waits for.
 *
 * They are taken from the ring in order like any others, and followed by the next one without an answer.  How far
 * the channel has got is told (`consumed`) by the quarter of a ring, or before it sleeps, so that a stream of
 * calls does not make the control block's line travel; and only after the handler has returned, because the client
 * takes what lies before it for carried out.
 *
 * What the pointers of such a call lead to lies behind the frame in the record.  It is copied into the channel's
 * room in the worker's half of staging, where it stays while the handler runs: a Python pointer that is kept for
 * longer leads to other bytes of the same program then, and not into this process's private memory.
 */
#include <sys/mman.h>

#include <errno.h>
#include <stdlib.h>

#include "daemon/worker/doing.h"
#include "daemon/worker/running.h"
#include "daemon/worker/tally.h"
#include "daemon/worker/trace.h"
#include "proto/cleanup.h"
#include "proto/clock.h"
#include "proto/expression.h"
#include "proto/fault.h"
#include "proto/probe.h"

#define TELL_EVERY (COIL_RING_SIZE / 4)

/* What pointers lead to, while the handler runs. */
struct luggage {
    struct coil_channel *channel;
    uint32_t mark;     /* of the channel's room, before */
    void *private;     /* when calls nest so deep that the room is used up; owned */
    unsigned char *at; /* the payload's copy */
    uint32_t size;
};

static void luggage_deinit(struct luggage *luggage)
{
    luggage->channel->oneway_used = luggage->mark;
    free(luggage->private);
}

/* Room for `size` bytes.  -ENOMEM. */
static int luggage_take(struct luggage *luggage, uint32_t size)
{
    struct coil_channel *channel = luggage->channel;
    unsigned char *room = (unsigned char *)(uintptr_t)(channel->session->base + COIL_STAGING_OFFSET +
                                                       COIL_STAGING_ONEWAY(channel->index));

    luggage->size = size;
    if (size > COIL_ONEWAY_ROOM - channel->oneway_used) {
        luggage->at = luggage->private = malloc(size);
        return luggage->at ? 0 : -ENOMEM;
    }
    /* Memory that is not there is an error here, and SIGBUS later.  Kernels that cannot say are trusted. */
    if (!channel->oneway_populated && madvise(room, COIL_ONEWAY_ROOM, MADV_POPULATE_WRITE) < 0 && errno != EINVAL)
        return -ENOMEM;
    channel->oneway_populated = true;
    luggage->at = room + channel->oneway_used;
    channel->oneway_used += (size + 15) & ~15u;
    return 0;
}

/* Makes an address of the offset that a parameter is, and checks that all it leads to is in the payload. */
static int rebase(const struct luggage *luggage, const struct coil_worker_function *f,
                  const struct coil_descriptor_value *p, unsigned char *frame, struct coil_error *error)
{
    const struct coil_descriptor *image = f->module->image;
    uint64_t offset, size = 0;
    const unsigned char *address;

    memcpy(&offset, frame + p->offset, sizeof offset);
    if (offset == 0)
        return 0;
    if (offset > luggage->size)
        goto outside;
    address = luggage->at + offset;
    memcpy(frame + p->offset, &address, sizeof address);
    if (p->crossing == COIL_CROSS_STRING_IN) {
        if (!memchr(address, 0, luggage->size - offset))
            goto outside;
        return 0;
    }
    if (p->crossing != COIL_CROSS_BLOCK_IN || p->shape)
        return coil_error_set(error, -EPROTO, "%s() cannot be sent with its arguments in the record",
                              coil_image_function_name(image, f->index));
    if (coil_expression_extent(image, f->descriptor->first_value, p, frame, &size, error) < 0)
        return -EPROTO;
    if (size <= luggage->size - offset)
        return 0;
outside:
    return coil_error_set(error, -EPROTO, "%s(): '%s' leads out of its record",
                          coil_image_function_name(image, f->index), coil_image_text(image, p->name));
}

/* Those without a count first, because counts may be behind them. */
static int rebase_all(const struct luggage *luggage, const struct coil_worker_function *f, unsigned char *frame,
                      struct coil_error *error)
{
    const struct coil_descriptor_value *parameters = coil_image_values(f->module->image) + f->descriptor->first_value;
    int r = 0;

    for (int with_count = 0; with_count <= 1; with_count++)
        for (uint32_t i = 0; r == 0 && i < f->descriptor->parameter_count; i++)
            if (parameters[i].crossing != COIL_CROSS_VALUE && (parameters[i].count != 0) == with_count)
                r = rebase(luggage, f, &parameters[i], frame, error);
    return r;
}

/* Copies the payload, whose flags have been checked, and makes `frame` of it.  -EPROTO with words; -ENOMEM. */
static int take_frame(struct coil_channel *channel, const struct coil_header *header,
                      const struct coil_worker_function *f, struct luggage *luggage, unsigned char *frame,
                      struct coil_error *error)
{
    uint32_t call_size = f->descriptor->call_size;

    if (!(header->flags & COIL_CALL_INLINE)) {
        if (header->size != call_size || f->module->pointers[f->index])
            return coil_error_set(error, -EPROTO, "the client called %s() with a frame of a wrong size",
                                  coil_image_function_name(f->module->image, f->index));
        coil_frame_copy(frame, coil_consumer_payload(&channel->requests), call_size);
        return 0;
    }
    if (header->size < call_size || header->size > COIL_PAYLOAD_MAX)
        return coil_error_set(error, -EPROTO, "the client called %s() with a frame of a wrong size",
                              coil_image_function_name(f->module->image, f->index));
    if (luggage_take(luggage, header->size) < 0)
        return -ENOMEM;
    memcpy(luggage->at, coil_consumer_payload(&channel->requests), header->size);
    memcpy(frame, luggage->at, call_size);
    return rebase_all(luggage, f, frame, error);
}

/* Nobody reads an answer, so the program's stderr has to do. */
static void say_lost(struct coil_channel *channel, const struct coil_worker_function *f, const char *why)
{
    char line[COIL_ERROR_TEXT_MAX + 256];

    (void)snprintf(line, sizeof line, "coil: %s.%s(): %s; the one-way call is lost\n",
                   coil_image_name(f->module->image), coil_image_function_name(f->module->image, f->index), why);
    coil_text_write(channel, COIL_HOST_STDERR, line, strlen(line));
    atomic_store_explicit(&channel->control->refused, ++channel->oneway_refused, memory_order_relaxed);
}

/* Runs the handler; what it does wrong it says itself. */
static void run(struct coil_channel *channel, const struct coil_header *header, const struct coil_worker_function *f,
                const unsigned char *frame)
{
    int64_t start_ns = coil_tally_start(channel, f->module);
    int error_number = header->error_number;
    struct coil_running running;
    uint32_t doing;
    int outcome;

    coil_channel_enter(channel);
    doing = coil_doing_begin(channel, COIL_DOING_CALL | header->function);
    COIL_FAULT("oneway.before_started");
    atomic_store_explicit(&channel->control->started, channel->requests.sequence, memory_order_release); /* S */
    COIL_FAULT("oneway.started");
    coil_running_begin(channel, &running, 0, COIL_DOING_CALL | header->function);
    channel->oneway_depth++;
    COIL_PROBE3(call__begin, channel->session->peer.pid, coil_image_name(f->module->image),
                coil_image_function_name(f->module->image, f->index));
    outcome = coil_worker_host->call(channel->host_thread, f->host, f->index, frame, NULL, &error_number);
    coil_running_end(channel, &running);
    coil_call_child_ends();
    COIL_PROBE4(call__end, channel->session->peer.pid, coil_image_name(f->module->image),
                coil_image_function_name(f->module->image, f->index), outcome);
    coil_tally_end(f->module, start_ns, outcome != COIL_HOST_RETURNED);
    coil_trace(channel->session, f->module, coil_image_function_name(f->module->image, f->index), start_ns,
               (struct coil_trace_end){ .outcome = (enum coil_trace_outcome)outcome, .is_oneway = true });
    COIL_FAULT("oneway.handled");
    channel->oneway_depth--;
    coil_doing_end(channel, doing ? doing : COIL_DOING_SERVED);
    coil_doing_count(channel);
}

int coil_oneway_execute(struct coil_channel *channel, const struct coil_header *header, struct coil_error *error)
{
    alignas(16) unsigned char frame[COIL_PAYLOAD_MAX];
    COIL_CLEANUP(luggage_deinit) struct luggage luggage = { .channel = channel, .mark = channel->oneway_used };
    struct coil_worker_function f;
    const char *refusal;
    int r;

    r = coil_modules_function(header->function, &f, error);
    if (r < 0)
        return r;
    if (!(f.descriptor->flags & COIL_FUNCTION_ONEWAY) || f.descriptor->result_size > 0 ||
        header->flags & ~(COIL_CALL_ONEWAY | COIL_CALL_INLINE) || f.descriptor->call_size > sizeof frame)
        return coil_error_set(error, -EPROTO, "the client does not wait for %s()",
                              coil_image_function_name(f.module->image, f.index));
    if (atomic_load_explicit(&channel->session->closing, memory_order_relaxed) &&
        coil_clock_ms() >= atomic_load_explicit(&channel->session->drain_until_ms, memory_order_relaxed)) {
        channel->oneway_dropped++;
    } else {
        r = take_frame(channel, header, &f, &luggage, frame, error);
        if (r < 0 && r != -ENOMEM)
            return r;
        refusal = atomic_load_explicit(&f.module->refusals[f.index], memory_order_acquire); /* J */
        if (r < 0 || refusal)
            say_lost(channel, &f, r < 0 ? "no memory for the arguments" : refusal);
        else
            run(channel, header, &f, frame);
        if (channel->broken)
            return -ECANCELED;
    }
    channel->oneway_count++;
    channel->batch++;
    coil_consumer_advance(&channel->requests, header);
    if (channel->requests.cursor - channel->requests.published >= TELL_EVERY)
        coil_consumer_tell(&channel->requests);
    return 0;
}
