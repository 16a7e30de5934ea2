/*
 * The ring under two threads of one process: every record arrives once, in order and whole,
 * with and without sleeping, through wraps, pads and rewinds; and nonsense in a header is refused.
 * Also run under ThreadSanitizer, which cannot watch two processes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proto/wait.h"

struct shared {
    alignas(64) unsigned char ring[COIL_RING_SIZE];
    struct coil_control consumer_control;
};

/* One direction: a producer thread's and a consumer thread's view of the same memory. */
struct direction {
    struct shared *shared;
    struct coil_producer producer;
    struct coil_consumer consumer;
    struct coil_spin spin;
};

static void direction_init(struct direction *d)
{
    *d = (struct direction){ .shared = aligned_alloc(64, sizeof *d->shared) };
    assert_non_null(d->shared);
    memset(d->shared, 0, sizeof *d->shared);
    coil_producer_init(&d->producer, d->shared->ring, &d->shared->consumer_control);
    coil_consumer_init(&d->consumer, d->shared->ring, &d->shared->consumer_control);
    coil_spin_init(&d->spin, &d->shared->consumer_control, &d->shared->consumer_control); /* of which only `processor` is looked at: nobody's */
}

static void put(struct direction *d, uint32_t value, uint32_t size)
{
    struct coil_header header = { .kind = COIL_RECORD_CALL, .size = size, .function = value };
    unsigned char *payload;

    while (!(payload = coil_producer_claim(&d->producer, size)))
        sched_yield();
    for (uint32_t i = 0; i < size; i++)
        payload[i] = (unsigned char)(value + i);
    (void)coil_producer_publish(&d->producer, &header);
}

/* Waits for the next record that is no pad. */
static struct coil_header get(struct direction *d)
{
    struct coil_header header;

    for (;;) {
        if (!coil_spin_wait(&d->spin, &d->consumer))
            while (!coil_consumer_sleep(&d->consumer, &d->spin, 1000))
                ;
        assert_true(coil_consumer_header(&d->consumer, &header));
        if (header.kind != COIL_RECORD_PAD)
            return header;
        coil_consumer_advance(&d->consumer, &header);
        coil_consumer_tell(&d->consumer);
    }
}

static void check_payload(struct direction *d, const struct coil_header *header)
{
    const unsigned char *payload = coil_consumer_payload(&d->consumer);

    for (uint32_t i = 0; i < header->size; i++)
        assert_int_equal(payload[i], (unsigned char)(header->function + i));
}

static uint32_t size_of(uint32_t value)
{
    static const uint32_t sizes[] = { 0, 8, 40, 41, 104, 500, 1000, COIL_PAYLOAD_MAX };

    return sizes[value * 2654435761u >> 29];
}

#define STREAM 40000u

static void *produce_stream(void *argument)
{
    for (uint32_t i = 1; i <= STREAM; i++)
        put(argument, i, size_of(i));
    return NULL;
}

static void stream_keeps_order_and_content(void **state)
{
    struct direction d;
    pthread_t producer;

    (void)state;
    direction_init(&d);
    assert_int_equal(pthread_create(&producer, NULL, produce_stream, &d), 0);
    for (uint32_t i = 1; i <= STREAM; i++) {
        struct coil_header header = get(&d);

        assert_int_equal(header.function, i);
        assert_int_equal(header.size, size_of(i));
        check_payload(&d, &header);
        coil_consumer_advance(&d.consumer, &header);
        coil_consumer_tell(&d.consumer);
    }
    assert_int_equal(pthread_join(producer, NULL), 0);
    free(d.shared);
}

/*
 * Synchronous calls, with text in between, calls nested in them and one-way calls before and within, as client and
 * worker do.  What kind a record is, is said by its value.
 */
struct pair {
    struct direction requests, replies;
    uint32_t made, carried_out; /* one-way calls: the client's count, the worker's */
};

#define CALLS 20000u
#define ONEWAY 0x10000000u
#define ANSWER 0x20000000u
#define ASK 0x40000000u
#define TEXT 0x80000000u
#define NESTED 0x100000u

/* Publishes the answer to a request (I4). */
static void answer(struct direction *d, uint32_t value, uint32_t size)
{
    struct coil_header header = { .kind = COIL_RECORD_RETURN, .size = size, .function = value };
    unsigned char *payload;

    while (!(payload = coil_producer_claim(&d->producer, size)))
        sched_yield();
    for (uint32_t i = 0; i < size; i++)
        payload[i] = (unsigned char)(value + i);
    coil_producer_answer(&d->producer, &header);
}

/* ---- the worker ---- */

static void write_text(struct pair *p, uint32_t value)
{
    for (uint32_t i = 0; i < value % 7; i++)
        put(&p->replies, TEXT | i, size_of(i));
}

/* Carries out one-way calls, up to the next record of another kind: that one. */
static struct coil_header take(struct pair *p)
{
    for (;;) {
        struct coil_header header = get(&p->requests);

        check_payload(&p->requests, &header);
        if (!(header.function & ONEWAY))
            return header;
        write_text(p, header.function);
        coil_consumer_advance(&p->requests.consumer, &header);
        if (++p->carried_out % 16 == 0)
            coil_consumer_tell(&p->requests.consumer);
    }
}

static void serve(struct pair *p, uint32_t depth);

/* The worker asks the program, which calls the worker before it answers. */
static void ask(struct pair *p)
{
    uint32_t carried_out = p->carried_out;
    struct coil_header header;
    uint64_t position;

    put(&p->replies, ASK, 16);
    position = p->replies.producer.cursor - coil_record_bytes(16); /* not from before: a pad may have come first */
    serve(p, 1);
    header = take(p);
    assert_int_equal(header.function, ANSWER);
    coil_consumer_answered(&p->requests.consumer);
    if (carried_out == p->carried_out)
        coil_producer_rewind(&p->replies.producer, position);
}

static void serve(struct pair *p, uint32_t depth)
{
    struct coil_header request = take(p);
    uint64_t position = p->requests.consumer.cursor;

    coil_consumer_advance(&p->requests.consumer, &request);
    coil_consumer_tell(&p->requests.consumer);
    if (depth == 0 && request.function % 3 == 0)
        write_text(p, request.function);
    if (depth == 0 && request.function % 5 == 0)
        ask(p);
    coil_consumer_rewind(&p->requests.consumer, position);
    answer(&p->replies, request.function, size_of(request.function + 1));
}

static void *serve_all(void *argument)
{
    for (uint32_t i = 0; i < CALLS; i++)
        serve(argument, 0);
    return NULL;
}

/* ---- the client ---- */

static void read_text(struct pair *p, const struct coil_header *header)
{
    assert_true(header->function & TEXT);
    coil_consumer_advance(&p->replies.consumer, header);
    coil_consumer_tell(&p->replies.consumer);
}

/* Waits for room behind one-way calls; text is read meanwhile, because the worker may wait for that. */
static void await_room(struct pair *p, uint32_t size)
{
    while (!coil_producer_claim(&p->requests.producer, size)) {
        struct coil_header header;

        if (!coil_consumer_ready(&p->replies.consumer)) {
            sched_yield();
            continue;
        }
        header = get(&p->replies);
        check_payload(&p->replies, &header);
        read_text(p, &header);
    }
}

static void call_oneway(struct pair *p, uint32_t value, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        await_room(p, size_of(i));
        put(&p->requests, ONEWAY | value | i, size_of(i));
        p->made++;
    }
}

static void call(struct pair *p, uint32_t value);

/* The record at the cursor is an ASK. */
static void answer_ask(struct pair *p, const struct coil_header *header, uint32_t value)
{
    uint64_t position = p->replies.consumer.cursor;
    uint32_t made = p->made;

    coil_consumer_advance(&p->replies.consumer, header);
    coil_consumer_tell(&p->replies.consumer);
    call(p, value | NESTED);
    if (value % 4 == 0)
        call_oneway(p, value, value % 11);
    if (made == p->made)
        coil_consumer_rewind(&p->replies.consumer, position);
    await_room(p, 8);
    answer(&p->requests, ANSWER, 8);
}

static void call(struct pair *p, uint32_t value)
{
    struct coil_header reply;
    uint64_t position;

    await_room(p, size_of(value));
    put(&p->requests, value, size_of(value));
    position = p->requests.producer.cursor - coil_record_bytes(size_of(value));
    for (;;) {
        reply = get(&p->replies);
        check_payload(&p->replies, &reply);
        if (reply.function == value)
            break;
        if (reply.function == ASK)
            answer_ask(p, &reply, value);
        else
            read_text(p, &reply);
    }
    assert_int_equal(reply.size, size_of(value + 1));
    coil_consumer_answered(&p->replies.consumer);
    coil_producer_rewind(&p->requests.producer, position);
}

static void calls_nest_and_rewind(void **state)
{
    struct pair p = { .made = 0 };
    pthread_t server;

    (void)state;
    direction_init(&p.requests);
    direction_init(&p.replies);
    assert_int_equal(pthread_create(&server, NULL, serve_all, &p), 0);
    for (uint32_t i = 1; i <= CALLS; i++) {
        if (i % 7 == 0)
            call_oneway(&p, i, i % 1000 == 0 ? 3000 : i % 23);
        call(&p, i);
    }
    assert_int_equal(pthread_join(server, NULL), 0);
    assert_int_equal(p.made, p.carried_out);
    free(p.requests.shared);
    free(p.replies.shared);
}

static void small_calls_use_one_line(void **state)
{
    struct direction d;

    (void)state;
    direction_init(&d);
    for (uint32_t i = 0; i < 100; i++) {
        put(&d, i, 40);
        assert_int_equal(d.producer.cursor, COIL_LINE);
        struct coil_header header = get(&d);
        coil_consumer_advance(&d.consumer, &header);
        coil_consumer_rewind(&d.consumer, 0);
        coil_producer_rewind(&d.producer, 0);
    }
    free(d.shared);
}

static void stale_payload_is_no_commit_word(void **state)
{
    struct direction d;
    struct coil_header header;
    uint32_t *words;

    (void)state;
    direction_init(&d);
    /* The payload of the first record has, where the next header will be, the sequence number that is expected there.
     */
    words = coil_producer_claim(&d.producer, 200);
    for (int i = 0; i < 50; i++)
        words[i] = 3;
    header = (struct coil_header){ .kind = COIL_RECORD_CALL, .size = 200 };
    (void)coil_producer_publish(&d.producer, &header);
    header = get(&d);
    coil_consumer_advance(&d.consumer, &header);
    coil_consumer_rewind(&d.consumer, 0);
    coil_producer_rewind(&d.producer, 0);
    put(&d, 7, 8);
    header = get(&d);
    coil_consumer_advance(&d.consumer, &header);
    assert_false(coil_consumer_ready(&d.consumer));
    free(d.shared);
}

/* ---- both sides in one thread: everything in its place, and what lies in memory is as bad as can be ---- */

#define DEEP 120u

/* A record whose payload is nothing but `word`, as if by chance. */
static void put_words(struct direction *d, uint32_t word, uint32_t size, bool is_answer)
{
    struct coil_header header = { .kind = COIL_RECORD_CALL, .size = size };
    uint32_t *words;

    assert_false(coil_consumer_ready(&d->consumer));
    words = coil_producer_claim(&d->producer, header.size);
    assert_non_null(words);
    for (uint32_t i = 0; i < size / sizeof *words; i++)
        words[i] = word;
    if (is_answer)
        coil_producer_answer(&d->producer, &header);
    else
        (void)coil_producer_publish(&d->producer, &header);
}

/* The record that must be there, past pads. */
static struct coil_header next(struct direction *d)
{
    struct coil_header header;

    for (;;) {
        assert_true(coil_consumer_ready(&d->consumer));
        assert_true(coil_consumer_header(&d->consumer, &header));
        if (header.kind != COIL_RECORD_PAD)
            return header;
        coil_consumer_advance(&d->consumer, &header);
        coil_consumer_tell(&d->consumer);
    }
}

/* Asks on one ring, which asks on the other, and so on; each answers before the one around it. */
static void nest(struct direction *asking, struct direction *answering, uint32_t word, uint32_t depth)
{
    uint32_t size = 600 + depth % 7 * COIL_LINE;
    struct coil_header header;
    uint64_t asked_at, taken_at;

    put_words(asking, word, size, false);
    asked_at = asking->producer.cursor - coil_record_bytes(size);
    header = next(asking);
    taken_at = asking->consumer.cursor;
    coil_consumer_advance(&asking->consumer, &header);
    coil_consumer_tell(&asking->consumer);
    if (depth > 0)
        nest(answering, asking, word, depth - 1);
    coil_consumer_rewind(&asking->consumer, taken_at);
    put_words(answering, word, 40, true);
    (void)next(answering);
    coil_consumer_answered(&answering->consumer);
    coil_producer_rewind(&asking->producer, asked_at);
    assert_int_equal(asking->producer.cursor, asking->consumer.cursor);
}

static void stale_payload_is_no_commit_word_after_nesting(void **state)
{
    (void)state;
    for (uint32_t word = 1; word < 3 * DEEP; word++) {
        struct direction requests, replies;

        direction_init(&requests);
        direction_init(&replies);
        for (int i = 0; i < 3; i++)
            nest(&requests, &replies, word, DEEP);
        for (int i = 0; i < 200; i++) /* and in the end it is as if nothing had been */
            nest(&requests, &replies, word, 1);
        free(requests.shared);
        free(replies.shared);
    }
}

static void what_was_not_committed_is_not_there(void **state)
{
    struct direction d;
    unsigned char *payload;

    (void)state;
    direction_init(&d);
    payload = coil_producer_claim(&d.producer, 100);
    memset(payload, 1, 100); /* whatever a producer had written when it died */
    assert_false(coil_consumer_ready(&d.consumer));
    free(d.shared);
}

static void impossible_sizes_are_refused(void **state)
{
    struct direction d;
    struct coil_header header;

    (void)state;
    direction_init(&d);
    put(&d, 1, 8);
    atomic_store(&coil_producer_at(&d.producer, 0)->size, COIL_RING_SIZE);
    assert_true(coil_consumer_ready(&d.consumer));
    assert_false(coil_consumer_header(&d.consumer, &header));
    atomic_store(&coil_producer_at(&d.producer, 0)->size, UINT32_MAX);
    assert_false(coil_consumer_header(&d.consumer, &header));
    free(d.shared);
}

static void a_full_ring_takes_nothing(void **state)
{
    struct direction d;
    uint32_t count = 0;

    (void)state;
    direction_init(&d);
    while (coil_producer_claim(&d.producer, 1000)) {
        put(&d, count, 1000);
        count++;
    }
    assert_in_range(count, 10, COIL_RING_SIZE / 1024);
    for (uint32_t i = 0; i < count; i++) {
        struct coil_header header = get(&d);

        assert_int_equal(header.function, i);
        check_payload(&d, &header);
        coil_consumer_advance(&d.consumer, &header);
    }
    /* A consumer that lies about how far it is gets no room. */
    atomic_store(&d.shared->consumer_control.consumed, UINT64_MAX);
    assert_null(coil_producer_claim(&d.producer, 1000));
    free(d.shared);
}

/* I10: whoever finds no memory for the rest of the ring has no room, until there is some. */
static void a_ring_grows_when_there_is_memory(void **state)
{
    const struct coil_control consumer = { 0 };
    const struct coil_header header = { .kind = COIL_RECORD_CALL };
    size_t first = (size_t)sysconf(_SC_PAGESIZE);
    struct coil_producer producer;
    unsigned char *ring;
    uint64_t held;

    (void)state;
    if (first >= COIL_RING_SIZE)
        skip(); /* one page is the whole ring */
    ring = mmap(NULL, COIL_RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(ring, MAP_FAILED);
    assert_int_equal(munmap(ring + first, COIL_RING_SIZE - first), 0);
    coil_producer_init(&producer, ring, &consumer);
    while (coil_producer_claim(&producer, 0))
        (void)coil_producer_publish(&producer, &header);
    assert_true(producer.is_starved);
    held = producer.cursor;
    assert_in_range(held, COIL_LINE, COIL_RING_RESERVED - COIL_LINE);

    assert_ptr_equal(mmap(ring + first, COIL_RING_SIZE - first, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
                     ring + first);
    while (coil_producer_claim(&producer, 0))
        (void)coil_producer_publish(&producer, &header);
    assert_false(producer.is_starved);
    assert_int_equal(producer.cursor, COIL_RING_SIZE - COIL_LINE); /* full: I3 */
    assert_int_equal(munmap(ring, COIL_RING_SIZE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stream_keeps_order_and_content),
        cmocka_unit_test(calls_nest_and_rewind),
        cmocka_unit_test(small_calls_use_one_line),
        cmocka_unit_test(stale_payload_is_no_commit_word),
        cmocka_unit_test(stale_payload_is_no_commit_word_after_nesting),
        cmocka_unit_test(what_was_not_committed_is_not_there),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(a_full_ring_takes_nothing),
        cmocka_unit_test(a_ring_grows_when_there_is_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
