/*
 * What Python asks of the program while a call waits.
 *
 * The thread that waits for the call's answer does it: runs a C function, reads or writes a variable.  While C runs,
 * the program's memory is the truth, so what Python has changed of all calls that wait on this channel is written back
 * before, and staged again after.  Pointers in what Python sends become the program's own; what C gives Python is
 * staged for the rest of the call.
 *
 * The record has been copied and stepped over before anything is done, so that what is done may call Python again:
 * nothing but the limit on depth bounds how far that goes.  The worker is not trusted with numbers and addresses.
 */
#include <alloca.h>
#include <errno.h>
#include <stdlib.h>

#include "client/remote/ask.h"
#include "proto/cleanup.h"
#include "proto/fault.h"

static void answer_deinit(struct coil_ask_answer *answer)
{
    free(answer->large);
}

void *coil_ask_answer_take(struct coil_ask_answer *answer, uint64_t size, struct coil_error *error)
{
    if (size > sizeof answer->small)
        answer->large = calloc(1, size);
    answer->bytes = size > sizeof answer->small ? answer->large : answer->small;
    answer->size = (uint32_t)size;
    if (!answer->bytes)
        coil_error_set(error, -ENOMEM, "no memory for a result");
    return answer->bytes;
}

int coil_ask_refresh(struct coil_scope *scope, struct coil_error *error)
{
    int r = coil_scopes_refresh(scope->channel, error);

    return r == -EFAULT || r == -ERANGE ? 0 : r;
}

static int carry_out(const struct coil_ask_request *q, struct coil_ask_answer *answer, struct coil_error *error)
{
    switch (q->kind) {
    case COIL_ASK_RUN:
        return coil_ask_run(q, answer, error);
    case COIL_ASK_VARIADIC:
        return coil_ask_run_variadic(q, answer, error);
    case COIL_ASK_POINTER:
        return coil_ask_run_pointer(q, answer, error);
    case COIL_ASK_ADDRESS:
        return coil_ask_address(q, answer, error);
    case COIL_ASK_READ:
        return coil_ask_read(q, answer, error);
    case COIL_ASK_WRITE:
        return coil_ask_write(q, answer, error);
    case COIL_ASK_REFER:
        return coil_ask_refer(q, answer, error);
    default:
        return coil_error_set(error, -EINVAL, "the program's libcoil does not understand what it is asked for (%u)",
                              q->kind);
    }
}

/* ---- the record ---- */

static bool is_link(const struct coil_link *link, const struct coil_session *session, uint32_t slot)
{
    return atomic_load_explicit(&link->session, memory_order_relaxed) == session &&
           atomic_load_explicit(&link->slot, memory_order_relaxed) == slot;
}

/*
 * The library that the worker knows by its slot: that of the call that waits, or another one of the session.  One that
 * is being opened has no slot here yet: it is meant if no other is, and what Python asks for tells its slot.
 */
static const struct coil_link *find_link(const struct coil_scope *scope, uint32_t slot)
{
    const struct coil_session *session = scope->channel->session;
    struct coil_link *link;

    if (scope->link && is_link(scope->link, session, slot))
        return scope->link;
    (void)pthread_mutex_lock(&coil_runtime_lock);
    link = coil_links;
    while (link && !is_link(link, session, slot))
        link = link->next;
    for (struct coil_link *l = link ? NULL : coil_links; l; l = l->next)
        if (l == scope->link && coil_remote_is_opening(l))
            link = l;
    if (link && link == scope->link && coil_remote_is_opening(link)) {
        atomic_store_explicit(&link->slot, slot, memory_order_relaxed);
        link->opening_slot_known = true;
    }
    (void)pthread_mutex_unlock(&coil_runtime_lock);
    return link;
}

/* Does [address, address + size) lie in the worker's half of staging? */
static bool in_worker_half(const struct coil_session *session, uint64_t address, uint64_t size)
{
    uint64_t begin = session->base + COIL_STAGING_OFFSET + COIL_STAGING_CLIENT_SIZE;
    uint64_t room = COIL_STAGING_SIZE - COIL_STAGING_CLIENT_SIZE;

    return address >= begin && address - begin <= room && size <= room - (address - begin);
}

/* Large payloads lie in staging: a private copy, owned by the caller.  -EINVAL, -ENOMEM. */
static int copy_staged(struct coil_ask_request *q, unsigned char **ret_copy, struct coil_error *error)
{
    const struct coil_descriptor_function *signature;
    uint32_t size;
    uint64_t at;

    if ((q->kind != COIL_ASK_RUN && q->kind != COIL_ASK_POINTER) || q->payload_size != sizeof at)
        return coil_error_set(error, -EINVAL, "what lies in shared memory makes no sense here");
    signature = q->kind == COIL_ASK_RUN ? coil_program_signature(q->link, q->number, error)
                                        : coil_ask_pointer_signature(q, error);
    if (!signature)
        return error->code;
    size = signature->call_size + (q->kind == COIL_ASK_POINTER ? (uint32_t)sizeof(uint64_t) : 0);
    memcpy(&at, q->payload, sizeof at);
    if (!in_worker_half(q->scope->channel->session, at, size))
        return coil_error_set(error, -EINVAL, "the arguments lie outside of Python's memory");
    *ret_copy = malloc(size + 1u);
    if (!*ret_copy)
        return coil_error_set(error, -ENOMEM, "no memory for the arguments");
    memcpy(*ret_copy, (const void *)(uintptr_t)at, size);
    q->payload = *ret_copy;
    q->payload_size = size;
    return 0;
}

/* Takes the ends of the payload that are addresses. */
static int unfold(struct coil_ask_request *q, unsigned flags, unsigned char **ret_copy, struct coil_error *error)
{
    if (flags & COIL_CALL_STAGED_RESULT) {
        if (q->payload_size < sizeof q->answer_at)
            return coil_error_set(error, -EINVAL, "the request is too short");
        q->payload_size -= (uint32_t)sizeof q->answer_at;
        memcpy(&q->answer_at, q->payload + q->payload_size, sizeof q->answer_at);
    }
    return flags & COIL_CALL_STAGED_FRAME ? copy_staged(q, ret_copy, error) : 0;
}

/* Does it, with the program's memory as Python has left it. */
static int perform(struct coil_ask_request *q, unsigned flags, uint32_t slot, struct coil_ask_answer *answer,
                   struct coil_error *error)
{
    COIL_CLEANUP(coil_memory_free) unsigned char *copy = NULL;
    int r;

    if (coil_process_is_asked(q->kind)) {
        r = coil_process_answer(q->scope->channel, q->kind, &answer->large, &answer->size, error);
        answer->bytes = answer->large;
        return r;
    }
    if (q->kind == COIL_ASK_FILE)
        return coil_ask_file(q, answer, error);
    q->link = find_link(q->scope, slot);
    if (!q->link && atomic_load_explicit(&q->scope->channel->session->gone, memory_order_relaxed))
        return coil_error_set(error, -EPIPE, "the daemon no longer serves this program's session");
    if (!q->link)
        return coil_error_set(error, -EINVAL, "the program has not called anything of this module yet");
    r = unfold(q, flags, &copy, error);
    if (r == 0)
        r = coil_scopes_back(q->scope->channel, error);
    if (r == 0)
        r = carry_out(q, answer, error);
    if (r == 0 && q->answer_at && !in_worker_half(q->scope->channel->session, q->answer_at, answer->size))
        r = coil_error_set(error, -EINVAL, "the result would lie outside of Python's memory");
    if (r == 0 && !q->answer_at && answer->size > COIL_PAYLOAD_MAX)
        r = coil_error_set(error, -EINVAL, "the result does not fit into a record");
    return r;
}

/* ---- the answer ---- */

static uint8_t outcome_of(int r)
{
    return r == -ELOOP                    ? COIL_ANSWER_TOO_DEEP
           : r == -EFAULT || r == -ERANGE ? COIL_ANSWER_POINTER
                                          : COIL_ANSWER_REFUSED;
}

/*
 * Answers the innermost request, which is an ask.  If C has made one-way calls in it, what they print may lie
 * behind it, unread: its place is not used again (I4), nor are those of asks around it.
 */
static void publish(struct coil_channel *channel, const struct coil_header *header, const void *payload, void *at)
{
    uint64_t level = channel->levels[--channel->level_count];

    coil_frame_copy(at, payload, header->size);
    if (!(level & COIL_LEVEL_ONEWAY))
        coil_consumer_rewind(&channel->replies, level);
    else if (channel->level_count >= 2)
        channel->levels[channel->level_count - 2] |= COIL_LEVEL_ONEWAY;
    coil_producer_answer(&channel->requests, header);
}

/* 0; else as coil_channel_receive(): there is nobody to answer. */
static int publish_refusal(struct coil_channel *channel, uint8_t outcome, const char *text)
{
    const struct coil_header header = { .kind = COIL_RECORD_ANSWER,
                                        .outcome = outcome,
                                        .size = (uint32_t)strnlen(text, COIL_ERROR_TEXT_MAX) };
    void *at;
    int r = 0;

    at = coil_channel_claim(channel, header.size, &r);
    if (at)
        publish(channel, &header, text, at);
    return at ? 0 : r;
}

static int publish_answer(struct coil_channel *channel, const struct coil_ask_request *q,
                          const struct coil_ask_answer *answer)
{
    struct coil_header header = { .kind = COIL_RECORD_ANSWER,
                                  .outcome = COIL_ANSWER_DONE,
                                  .size = q->answer_at ? 0 : answer->size,
                                  .error_number = answer->error_number };
    void *at;
    int r = 0;

    if (q->answer_at)
        memcpy((void *)(uintptr_t)q->answer_at, answer->bytes, answer->size);
    at = coil_channel_claim(channel, header.size, &r);
    if (at)
        publish(channel, &header, answer->bytes, at);
    return at ? 0 : r;
}

int coil_ask_refuse(struct coil_channel *channel, const struct coil_header *header, const char *why)
{
    if (header)
        coil_ask_begin(channel, header);
    return publish_refusal(channel, COIL_ANSWER_REFUSED, why);
}

void coil_ask_begin(struct coil_channel *channel, const struct coil_header *header)
{
    if (channel->level_count > 0)
        channel->levels[channel->level_count - 1] |= COIL_LEVEL_ASKED;
    channel->levels[channel->level_count++] = channel->replies.cursor;
    coil_consumer_advance(&channel->replies, header);
    coil_consumer_keep_up(&channel->replies);
}

int coil_ask_execute(struct coil_channel *channel, const struct coil_header *header, struct coil_scope *scope)
{
    struct coil_ask_request q = { .scope = scope,
                                  .kind = header->outcome,
                                  .number = header->function & 0xffffu,
                                  .payload = alloca(header->size +
                                                    1u), /* less than a ring; as small as can be, since calls nest */
                                  .payload_size = header->size,
                                  .error_number = header->error_number };
    COIL_CLEANUP(answer_deinit) struct coil_ask_answer answer = { .error_number = header->error_number };
    struct coil_error error; /* large, so it is filled only when it is needed */
    uint32_t level;
    int r;

    coil_deadline_start();
    if (channel->level_count >= COIL_LEVELS_MAX || channel->level_count % 2 == 0)
        return -EPROTO;
    memcpy(q.payload, coil_consumer_payload(&channel->replies), header->size);
    coil_ask_begin(channel, header);
    level = channel->level_count;
    if (channel->is_service && level == 2)
        coil_marshal_trim(scope);
    channel->scopes = scope;
    COIL_FAULT("ask.begun");
    r = perform(&q, header->flags, header->function >> 16, &answer, &error);
    channel->scopes = scope->outer;
    COIL_FAULT("ask.performed");
    if (channel->files && channel->is_service && q.kind != COIL_ASK_FILE)
        coil_files_close(channel, 1); /* no call ends here */
    if (channel->lost || channel->forked) {
        channel->level_count = level - 1;
        return channel->forked ? -ECHILD : -ESRCH;
    }
    if (channel->level_count != level) { /* what C has called was given up, and nobody has answered it yet */
        if (r != -ETIME)
            channel->level_count = level - 1;
        return r;
    }
    r = r < 0 ? publish_refusal(channel, outcome_of(r), error.text) : publish_answer(channel, &q, &answer);
    if (r < 0 && r != -ETIME) /* then it stays open, for whoever resets the channel */
        channel->level_count = level - 1;
    return r;
}
