/*
 * What of a remote call is the way there and back: a cache line, and coil's rings with frames of add(), between two
 * processes without any Python.  Linked with coil's own proto/.
 */
#define _GNU_SOURCE
#include "common/pair.h"

#include "proto/wait.h"
#include "stages/stages.h"

struct shared {
    _Alignas(64) unsigned char requests[COIL_RING_SIZE];
    unsigned char replies[COIL_RING_SIZE];
    struct coil_control client, worker;
};

static struct pair *pair;
static struct shared *shared;

static void serve_lines(void)
{
    for (unsigned seen = 0;;) {
        unsigned number = atomic_load_explicit(&pair->request.number, memory_order_acquire);

        if (number == seen) {
            coil_spin_relax();
            continue;
        }
        seen = number;
        atomic_store_explicit(&pair->reply.number, seen, memory_order_release);
    }
}

static void line(int n)
{
    static unsigned number;

    (void)n;
    atomic_store_explicit(&pair->request.number, ++number, memory_order_release);
    while (atomic_load_explicit(&pair->reply.number, memory_order_acquire) != number)
        coil_spin_relax();
}

static void wait_header(const struct coil_consumer *consumer, struct coil_header *ret_header)
{
    while (!coil_consumer_ready(consumer))
        coil_spin_relax();
    if (!coil_consumer_header(consumer, ret_header))
        abort();
}

/* As daemon/worker does it: copies the frame, answers, rewinds. */
static void serve_rings(void)
{
    struct coil_consumer requests;
    struct coil_producer replies;

    coil_consumer_init(&requests, shared->requests, &shared->worker);
    coil_producer_init(&replies, shared->replies, &shared->client);
    for (;;) {
        struct coil_header header, answer = { .kind = COIL_RECORD_RETURN, .size = sizeof(int) };
        int frame[2], sum;

        wait_header(&requests, &header);
        coil_frame_copy(frame, coil_consumer_record(&requests)->payload, sizeof frame);
        sum = frame[0] + frame[1];
        coil_consumer_advance(&requests, &header);
        coil_frame_copy(coil_producer_claim(&replies, sizeof sum), &sum, sizeof sum);
        coil_consumer_rewind(&requests, requests.cursor - coil_record_bytes(header.size));
        coil_producer_answer(&replies, &answer);
    }
}

static struct coil_producer requests;
static struct coil_consumer replies;

static void rings(int n)
{
    struct coil_header header = { .kind = COIL_RECORD_CALL, .size = 2 * sizeof(int) }, answer;
    int frame[2] = { n, 2 }, sum;
    uint64_t position = requests.cursor;

    coil_frame_copy(coil_producer_claim(&requests, sizeof frame), frame, sizeof frame);
    (void)coil_producer_publish(&requests, &header);
    wait_header(&replies, &answer);
    coil_frame_copy(&sum, coil_consumer_record(&replies)->payload, sizeof sum);
    if (sum != n + 2)
        abort();
    coil_consumer_answered(&replies);
    coil_producer_rewind(&requests, position);
}

int main(int argc, char **argv)
{
    struct measure_clock clock;

    measure_clock_calibrate(&clock);
    if (argc == 2 && strcmp(argv[1], "line") == 0) {
        pair = pair_new();
        pair_start(serve_lines, 1);
        stage(&clock, "line", line);
        return 0;
    }
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return 1;
    coil_producer_init(&requests, shared->requests, &shared->worker);
    coil_consumer_init(&replies, shared->replies, &shared->client);
    pair_start(serve_rings, 1);
    stage(&clock, "rings", rings);
    return 0;
}
