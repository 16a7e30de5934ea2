/*
 * ASK records: what a handler wants of the program that it works for.
 *
 * The client thread that waits for the handler's call answers; while it does, it may call again, and those calls
 * run here, on the handler's own thread, as they would in one process.  Where no such thread waits: service.c.
 *
 * The record is published with the GIL, which is kept for as long as a quick answer takes unless another channel
 * waits for it: a C function of a few instructions costs one exchange of cache lines and no lock.
 *
 * What the client answers is copied once, and only the copy is judged and used.
 */
#include <errno.h>
#include <string.h>

#include "daemon/worker/loan.h"
#include "daemon/worker/running.h"
#include "proto/cleanup.h"
#include "proto/fault.h"

/* One ask on its way. */
struct attempt {
    struct coil_channel *channel;
    struct coil_host_ask *ask;
    struct coil_worker_staged payload; /* a large payload */
    struct coil_worker_staged answer;  /* the place for a large answer */
    uint64_t position;                 /* of the record: I4 */
};

static void attempt_deinit(struct attempt *a)
{
    coil_worker_staging_release(a->channel->session, &a->answer);
    coil_worker_staging_release(a->channel->session, &a->payload);
}

/* Texts have no size that is known before; they are never that large. */
static bool is_text(const struct coil_host_ask *ask)
{
    return ask->kind == COIL_ASK_CWD;
}

/*
 * The module's slot, which is what the client knows it by.  The host's word for it saves looking again.  A module whose
 * init code asks can be called from then on: by the C code that is asked for.
 */
static int find_module(struct coil_host_module *host, uint32_t *ret_slot, struct coil_error *error)
{
    struct coil_worker_module *module;
    void **word;

    *ret_slot = 0;
    if (!host)
        return 0;
    word = coil_worker_host->module_word(host);
    if (!*word)
        *word = coil_modules_find(coil_worker_host->module_hash(host));
    module = *word;
    if (!module)
        return coil_error_set(error, -EINVAL, "the module was opened by Python itself, and no program has it");
    if (!atomic_load_explicit(&module->host, memory_order_relaxed))
        atomic_store_explicit(&module->host, host, memory_order_release); /* O */
    *ret_slot = module->slot;
    return 0;
}

/* Writes the payload and publishes the record. */
static int publish(struct attempt *a, struct coil_error *error)
{
    const struct coil_host_ask *ask = a->ask;
    bool stage_payload = ask->payload_size > COIL_PAYLOAD_MAX - 8;
    bool stage_answer = ask->answer_size > COIL_PAYLOAD_MAX;
    uint32_t inline_size = stage_payload ? 8 : (uint32_t)ask->payload_size;
    struct coil_header header = { .kind = COIL_RECORD_ASK,
                                  .outcome = (uint8_t)ask->kind,
                                  .size = inline_size + (stage_answer ? 8u : 0u),
                                  .error_number = ask->error_number };
    unsigned char *payload;
    uint32_t slot;
    int r;

    r = find_module(ask->module, &slot, error);
    if (r == 0 && stage_payload)
        r = coil_worker_staging_take(a->channel->session, ask->payload_size, &a->payload, error);
    if (r == 0 && stage_answer)
        r = coil_worker_staging_take(a->channel->session, ask->answer_size, &a->answer, error);
    if (r < 0)
        return r;
    header.flags =
        (uint8_t)((stage_payload ? COIL_CALL_STAGED_FRAME : 0u) | (stage_answer ? COIL_CALL_STAGED_RESULT : 0u));
    header.function = slot << 16 | ask->number;
    payload = coil_channel_claim_answer(a->channel, header.size);
    if (!payload)
        return -ESRCH;
    if (stage_payload) {
        memcpy(coil_mirror_at(a->channel->session, (uint64_t)(uintptr_t)a->payload.address), ask->payload,
               ask->payload_size);
        memcpy(payload, &a->payload.address, 8);
    } else {
        coil_frame_copy(payload, ask->payload, ask->payload_size);
    }
    if (stage_answer)
        memcpy(payload + inline_size, &a->answer.address, 8);
    COIL_FAULT("ask.written");
    a->position = a->channel->replies.cursor;
    (void)coil_producer_publish(&a->channel->replies, &header);
    return 0;
}

/* The client says why not; the words are its own. */
static int refused(const struct attempt *a, const struct coil_header *header, struct coil_error *error)
{
    char text[COIL_ERROR_TEXT_MAX];
    size_t size = header->size < sizeof text ? header->size : sizeof text - 1;

    memcpy(text, coil_consumer_payload(&a->channel->requests), size);
    text[size] = '\0';
    switch (header->outcome) {
    case COIL_ANSWER_TOO_DEEP:
        return coil_error_set(error, -ELOOP, "calls between the program and Python are nested more than %d deep",
                              COIL_DEPTH_MAX);
    case COIL_ANSWER_POINTER:
        return coil_error_set(error, -EFAULT, "%s", text);
    case COIL_ANSWER_REFUSED:
        return coil_error_set(error, -EINVAL, "%s", text);
    default:
        coil_channel_break(a->channel, "the client's answer makes no sense");
        return -ESRCH;
    }
}

/* The ready record is the answer. */
static int take_answer(struct attempt *a, const struct coil_header *header, struct coil_error *error)
{
    struct coil_host_ask *ask = a->ask;
    uint32_t expected = a->answer.address ? 0 : (uint32_t)ask->answer_size;

    if (header->outcome != COIL_ANSWER_DONE)
        return refused(a, header, error);
    if (is_text(ask) ? header->size > expected : header->size != expected) {
        coil_channel_break(a->channel, "the client's answer has a wrong size");
        return -ESRCH;
    }
    if (a->answer.address)
        memcpy(ask->answer, coil_mirror_at(a->channel->session, (uint64_t)(uintptr_t)a->answer.address),
               ask->answer_size);
    else
        coil_frame_copy(ask->answer, coil_consumer_payload(&a->channel->requests), header->size);
    if (is_text(ask))
        ask->answer_size = header->size;
    ask->error_number = header->error_number;
    return 0;
}

/* Back to where the ask began: with the GIL, or, if that had been given up before, without. */
static void restore_gil(struct coil_channel *channel, const struct coil_host_ask *ask)
{
    if (ask->paused)
        coil_channel_leave(channel);
    else
        coil_channel_enter(channel);
}

/* The program has run, as far as it has: `r`.  What Python sees changes then, so nobody may be looking. */
static int take_loans(const struct attempt *a, int r, struct coil_error *error)
{
    struct coil_error other;
    int back;

    if (!a->channel->loan || !coil_loan_is_touched(a->channel, a->ask))
        return r;
    coil_channel_enter(a->channel);
    back = coil_loan_answered(a->channel, a->ask, r == 0, r == 0 ? error : &other);
    return r == 0 ? back : r;
}

/* Publishes, serves until the answer is there, and takes it. */
static int exchange(struct attempt *a, struct coil_error *error)
{
    struct coil_channel *channel = a->channel;
    COIL_CLEANUP(coil_loan_end) struct coil_loan passing = { .is_passing = true };
    uint32_t oneway_count = channel->oneway_count;
    struct coil_header header;
    int r = 0;

    channel->asks++;
    if (a->ask->paused) {
        channel->paused = a->ask->paused;
        channel->has_gil = false;
    }
    if (!channel->loan)
        coil_loan_begin(&passing, channel);
    if (channel->loan)
        r = coil_loan_lend(channel, a->ask, error);
    if (r == 0)
        r = publish(a, error);
    if (r == 0 && coil_channel_serve(channel, COIL_RECORD_ANSWER, &header) < 0)
        r = -ESRCH;
    restore_gil(channel, a->ask);
    if (r == 0) {
        COIL_FAULT("ask.answered");
        r = take_answer(a, &header, error);
        r = take_loans(a, r, error);
        restore_gil(channel, a->ask); /* an answer that breaks the channel may have had to wait */
        coil_consumer_answered(&channel->requests);
        if (channel->oneway_count == oneway_count) /* else what they have printed may lie there unread: I4 */
            coil_producer_rewind(&channel->replies, a->position);
    } else {
        r = take_loans(a, r, error);
        restore_gil(channel, a->ask);
    }
    channel->asks--;
    channel->has_gil = true; /* the handler has it, or takes it back by itself */
    return r;
}

/* Has the program given up a call that runs here?  It would not be there to answer, or refuse to. */
static bool is_late(const struct coil_channel *channel)
{
    return coil_running_late(channel) != NULL;
}

int coil_ask_on(struct coil_channel *channel, struct coil_host_ask *ask, struct coil_error *error)
{
    COIL_CLEANUP(attempt_deinit) struct attempt a = { .channel = channel, .ask = ask };

    return coil_channel_has_nobody(channel) || is_late(channel) ? -ESRCH : exchange(&a, error);
}

/* By the client's service thread, for which the GIL is needed. */
static int ask_elsewhere(struct coil_session *session, struct coil_channel *channel, struct coil_host_ask *ask,
                         struct coil_error *error)
{
    void *paused = ask->paused;
    int r;

    ask->paused = NULL;
    if (paused)
        coil_worker_host->resume(paused);
    r = coil_service_ask(session, channel, ask, error);
    if (paused)
        (void)coil_worker_host->pause();
    return r;
}

int coil_ask(void *caller, struct coil_host_program *program, struct coil_host_ask *ask, struct coil_error *error)
{
    struct coil_session *session = coil_program_session(program);
    struct coil_channel *channel = caller;
    int r;

    if (coil_worker_forked)
        return coil_error_set(error, -EPERM, "a forked child of Python's process cannot reach the program");
    if (channel && channel->session != session)
        channel = NULL;
    if (ask->kind == COIL_ASK_FILE)
        coil_files_offer(session);
    if (ask->kind == COIL_ASK_SERVICE && coil_service_is_expected(session, false))
        r = 0;
    else if (channel && channel->oneway_depth == 0)
        r = coil_ask_on(channel, ask, error);
    else
        r = ask_elsewhere(session, channel, ask, error);
    if (r == 0 && ask->kind == COIL_ASK_SERVICE)
        (void)coil_service_is_expected(session, true);
    if (ask->kind == COIL_ASK_FILE)
        coil_files_withdraw();
    if (r == -ESRCH && channel && (channel->deserted || is_late(channel)))
        return coil_error_set(error, -ETIME, "the program's call is past its deadline, and not waited for any more");
    if (r == -ESRCH)
        coil_error_set(error, r,
                       channel && channel->abandoned ? "the program's thread has ended" : "the program has ended");
    return r;
}
