/*
 * The ring against a peer that writes what it likes, where it likes, at any time: nothing outside of the ring is ever
 * read or written, whatever headers, sizes, cursors and sleeping flags say.  And between honest sides every record
 * arrives once, in order and whole, or the ring is full.
 *
 * Input: one byte: 0 honest, else hostile; then steps, each one byte and what it needs.
 */
#include "tests/fuzz/fuzz.h"

#include "proto/ring.h"

struct ring {
    unsigned char *memory; /* exactly COIL_RING_SIZE bytes */
    struct coil_control *control;
    struct coil_producer producer;
    struct coil_consumer consumer;
};

static void ring_init(struct ring *r)
{
    r->memory = aligned_alloc(64, COIL_RING_SIZE);
    r->control = aligned_alloc(64, sizeof *r->control);
    MUST(r->memory && r->control);
    memset(r->memory, 0, COIL_RING_SIZE);
    memset(r->control, 0, sizeof *r->control);
    coil_producer_init(&r->producer, r->memory, r->control);
    coil_consumer_init(&r->consumer, r->memory, r->control);
}

static void ring_deinit(struct ring *r)
{
    free(r->memory);
    free(r->control);
}

static bool lies_within(const struct ring *r, const void *at, size_t size)
{
    size_t offset = (size_t)((const unsigned char *)at - r->memory);

    return offset <= COIL_RING_SIZE && size <= COIL_RING_SIZE - offset;
}

/* ---- a hostile peer ---- */

/* A record that looks good, but for its size. */
static void forge(struct ring *r, struct input *input)
{
    struct coil_record *record = (struct coil_record *)(void *)(uintptr_t)coil_consumer_record(&r->consumer);
    uint8_t how = (uint8_t)input_take(input, 1);

    atomic_store(&record->what, (uint32_t)input_take(input, 3));
    atomic_store(&record->size, (uint32_t)input_take(input, how & 1 ? 4 : 2));
    atomic_store(&record->commit, r->consumer.sequence);
}

static void poke(struct ring *r, struct input *input)
{
    size_t word = input_take(input, 2) % (COIL_RING_SIZE / 4);
    uint32_t value = (uint32_t)input_take(input, 4);

    memcpy(r->memory + word * 4, &value, 4);
}

/* As worker and client do: the copy of the header is judged, the payload copied, then the cursor moves. */
static bool consume(struct ring *r, struct input *input, uint64_t *positions)
{
    static unsigned char payload[COIL_RING_SIZE];
    uint8_t how = (uint8_t)input_take(input, 1);
    struct coil_header header;

    if (!coil_consumer_ready(&r->consumer))
        return true;
    if (!coil_consumer_header(&r->consumer, &header))
        return false; /* the channel ends */
    MUST(lies_within(r, coil_consumer_payload(&r->consumer), header.size));
    memcpy(payload, coil_consumer_payload(&r->consumer), header.size);
    if (how & 1) {
        coil_consumer_answered(&r->consumer);
    } else {
        positions[how >> 6] = r->consumer.cursor;
        coil_consumer_advance(&r->consumer, &header);
        if (how & 2)
            coil_consumer_tell(&r->consumer);
    }
    if (how & 4)
        coil_consumer_rewind(&r->consumer, positions[how >> 6]);
    return true;
}

static void produce(struct ring *r, struct input *input, uint64_t *positions)
{
    uint8_t how = (uint8_t)input_take(input, 1);
    uint32_t size = (uint32_t)input_take(input, 2) % (COIL_PAYLOAD_MAX + 1);
    const struct coil_header header = { .kind = COIL_RECORD_TEXT, .size = size };
    void *payload = coil_producer_claim(&r->producer, size);

    if (!payload)
        return;
    MUST(lies_within(r, payload, size));
    MUST((uintptr_t)payload % COIL_LINE == sizeof(struct coil_record));
    memset(payload, 0xff, size);
    if (how & 1) {
        coil_producer_answer(&r->producer, &header);
    } else {
        positions[how >> 6] = r->producer.cursor;
        (void)coil_producer_publish(&r->producer, &header);
    }
    if (how & 4)
        coil_producer_rewind(&r->producer, positions[how >> 6]);
}

static void run_hostile(struct ring *r, struct input *input)
{
    uint64_t read_positions[4] = { 0 }, write_positions[4] = { 0 };

    while (input->size) {
        switch (input_take(input, 1) % 6) {
        case 0:
            forge(r, input);
            break;
        case 1:
            poke(r, input);
            break;
        case 2:
            if (!consume(r, input, read_positions))
                return;
            break;
        case 3:
            produce(r, input, write_positions);
            break;
        case 4:
            atomic_store(&r->control->consumed, input_take(input, 8));
            break;
        case 5:
            atomic_store(&r->control->sleeping, (uint32_t)input_take(input, 4));
            break;
        }
    }
}

/* ---- honest sides ---- */

/* What is under way: each record is told by its number and its size. */
struct under_way {
    uint32_t first, next; /* numbers */
    uint32_t sizes[COIL_RING_SIZE / COIL_LINE];
};

#define UNDER_WAY_MAX (COIL_RING_SIZE / COIL_LINE)

static void put(struct ring *r, struct under_way *u, uint32_t size)
{
    const struct coil_header header = { .kind = COIL_RECORD_CALL, .size = size, .function = u->next };
    unsigned char *payload;

    if (!(payload = coil_producer_claim(&r->producer, size))) {
        /* Full: there is no room for it, the longest pad and the clean line behind (I2, I3). */
        MUST(r->producer.cursor - r->consumer.published + 2 * (coil_record_bytes(size) + COIL_LINE) > COIL_RING_SIZE);
        return;
    }
    memset(payload, (int)(u->next & 0xff), size);
    (void)coil_producer_publish(&r->producer, &header);
    MUST(u->next - u->first < UNDER_WAY_MAX);
    u->sizes[u->next++ % UNDER_WAY_MAX] = size;
}

/* Takes one record; false: there is none. */
static bool get(struct ring *r, struct under_way *u, bool tells)
{
    struct coil_header header;
    const unsigned char *payload = NULL;

    do {
        if (!coil_consumer_ready(&r->consumer)) {
            MUST(u->first == u->next);
            return false;
        }
        MUST(coil_consumer_header(&r->consumer, &header));
        payload = coil_consumer_payload(&r->consumer);
        if (header.kind != COIL_RECORD_PAD) {
            MUST(u->first != u->next && header.function == u->first);
            MUST(header.size == u->sizes[u->first % UNDER_WAY_MAX]);
            for (uint32_t i = 0; i < header.size; i++)
                MUST(payload[i] == (u->first & 0xff));
            u->first++;
        }
        coil_consumer_advance(&r->consumer, &header);
        if (tells)
            coil_consumer_tell(&r->consumer);
    } while (header.kind == COIL_RECORD_PAD);
    return true;
}

static void run_honest(struct ring *r, struct input *input)
{
    struct under_way u = { 0 };

    while (input->size) {
        uint8_t step = (uint8_t)input_take(input, 1);

        if (step & 1)
            put(r, &u, (uint32_t)input_take(input, 2) % (COIL_PAYLOAD_MAX + 1));
        else
            (void)get(r, &u, step & 2);
    }
    while (get(r, &u, true))
        ;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { data, size };
    struct ring r;

    ring_init(&r);
    if (input_take(&input, 1) == 0)
        run_honest(&r, &input);
    else
        run_hostile(&r, &input);
    ring_deinit(&r);
    return 0;
}
