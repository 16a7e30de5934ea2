/*
 * Waiting for records: nobody sleeps through one, nobody sleeps longer than told, and spinning stays cheap.
 * Also run under ThreadSanitizer, which cannot watch two processes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/clock.h"
#include "proto/wait.h"

#define LONG_MS 20000 /* nobody sleeps this long unless a wake-up was lost */

struct shared {
    alignas(64) unsigned char ring[COIL_RING_SIZE];
    struct coil_control control; /* the consumer's */
};

static const struct coil_control nobody; /* a peer of which nothing is known */

/* One direction between two threads. */
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
    coil_producer_init(&d->producer, d->shared->ring, &d->shared->control);
    coil_consumer_init(&d->consumer, d->shared->ring, &d->shared->control);
    coil_spin_init(&d->spin, &d->shared->control, &nobody);
}

static void direction_deinit(struct direction *d)
{
    free(d->shared);
}

static void put(struct direction *d, uint32_t value)
{
    const struct coil_header header = { .kind = COIL_RECORD_CALL, .function = value };

    while (!coil_producer_claim(&d->producer, 0))
        (void)sched_yield();
    (void)coil_producer_publish(&d->producer, &header);
}

/* Takes a record, sleeping for it at once.  False: it has been slept through. */
static bool get_asleep(struct direction *d, uint32_t value)
{
    struct coil_header header;

    for (;;) {
        int64_t end_ms = coil_clock_ms() + LONG_MS;

        while (!coil_consumer_ready(&d->consumer))
            if (!coil_consumer_sleep(&d->consumer, &d->spin, LONG_MS) && coil_clock_ms() >= end_ms)
                return false;
        if (!coil_consumer_header(&d->consumer, &header))
            return false;
        coil_consumer_advance(&d->consumer, &header);
        if (header.kind != COIL_RECORD_PAD)
            return header.function == value;
    }
}

/* ---- wake-ups ---- */

#define ROUNDS 20000u

struct pair {
    struct direction there, back;
};

static void *echo(void *argument)
{
    struct pair *p = argument;

    for (uint32_t i = 1; i <= ROUNDS; i++) {
        if (!get_asleep(&p->there, i))
            return p;
        put(&p->back, i);
    }
    return NULL;
}

static void two_sleepers_wake_each_other(void **state)
{
    struct pair p;
    pthread_t thread;
    void *failed;

    (void)state;
    direction_init(&p.there);
    direction_init(&p.back);
    assert_int_equal(pthread_create(&thread, NULL, echo, &p), 0);
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        put(&p.there, i);
        assert_true(get_asleep(&p.back, i));
    }
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
    direction_deinit(&p.there);
    direction_deinit(&p.back);
}

static void *take_stream(void *argument)
{
    for (uint32_t i = 1; i <= ROUNDS; i++)
        if (!get_asleep(argument, i))
            return argument;
    return NULL;
}

/* A stream that stops and goes: the sleeper is told of the record that it sleeps for, whichever that is. */
static void a_stream_wakes_its_sleeper(void **state)
{
    struct direction d;
    pthread_t thread;
    void *failed;

    (void)state;
    direction_init(&d);
    assert_int_equal(pthread_create(&thread, NULL, take_stream, &d), 0);
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        put(&d, i);
        if (i % 97 == 0)
            (void)sched_yield();
    }
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
    direction_deinit(&d);
}

/* ---- what ends a sleep besides a record ---- */

static void a_sleep_ends_in_time(void **state)
{
    struct direction d;
    int64_t began_ms = coil_clock_ms(), took_ms;

    (void)state;
    direction_init(&d);
    assert_false(coil_consumer_sleep(&d.consumer, &d.spin, 30));
    took_ms = coil_clock_ms() - began_ms;
    assert_in_range(took_ms, 29, LONG_MS / 2);
    assert_int_equal(atomic_load(&d.shared->control.sleeping), 0);
    direction_deinit(&d);
}

static void *wake_sleeper(void *argument)
{
    struct direction *d = argument;

    while (atomic_load(&d->shared->control.sleeping) != 1)
        (void)sched_yield();
    /* Between the flag and the kernel's queue a wake-up finds nobody: as the worker does at a session's end. */
    while (atomic_load(&d->shared->control.sleeping)) {
        coil_ring_wake(&coil_producer_at(&d->producer, 0)->commit);
        (void)usleep(1000);
    }
    return NULL;
}

static void a_sleeper_can_be_woken_without_a_record(void **state)
{
    struct direction d;
    pthread_t thread;

    (void)state;
    direction_init(&d);
    assert_int_equal(pthread_create(&thread, NULL, wake_sleeper, &d), 0);
    assert_false(coil_consumer_sleep(&d.consumer, &d.spin, -1));
    assert_int_equal(pthread_join(thread, NULL), 0);
    direction_deinit(&d);
}

static void on_signal(int number)
{
    (void)number;
}

struct interruption {
    struct direction *direction;
    pthread_t sleeper;
};

static void *interrupt(void *argument)
{
    struct interruption *i = argument;

    while (atomic_load(&i->direction->shared->control.sleeping) != 1)
        (void)sched_yield();
    while (atomic_load(&i->direction->shared->control.sleeping)) {
        (void)pthread_kill(i->sleeper, SIGUSR1);
        (void)usleep(1000);
    }
    return NULL;
}

static void a_signal_ends_a_sleep(void **state)
{
    const struct sigaction action = { .sa_handler = on_signal };
    struct direction d;
    struct interruption i = { &d, pthread_self() };
    pthread_t thread;

    (void)state;
    direction_init(&d);
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, interrupt, &i), 0);
    assert_false(coil_consumer_sleep(&d.consumer, &d.spin, -1));
    assert_int_equal(pthread_join(thread, NULL), 0);
    direction_deinit(&d);
}

/* The producer may be waiting for room, which only the sleeper can give. */
static void a_sleeper_has_told_how_far_it_is(void **state)
{
    struct coil_header header;
    struct direction d;

    (void)state;
    direction_init(&d);
    put(&d, 1);
    assert_true(coil_consumer_header(&d.consumer, &header));
    coil_consumer_advance(&d.consumer, &header);
    assert_int_equal(atomic_load(&d.shared->control.consumed), 0);
    assert_false(coil_consumer_sleep(&d.consumer, &d.spin, 1));
    assert_int_equal(atomic_load(&d.shared->control.consumed), COIL_LINE);
    direction_deinit(&d);
}

static void what_is_there_is_not_slept_for(void **state)
{
    struct direction d;

    (void)state;
    direction_init(&d);
    put(&d, 1);
    assert_true(coil_consumer_sleep(&d.consumer, &d.spin, -1));
    direction_deinit(&d);
}

/* ---- spinning ---- */

static int64_t thread_cpu_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* CPU time of `count` spins that all fail. */
static int64_t fail_to_spin(unsigned count)
{
    struct direction d;
    struct coil_spin spin;
    int64_t began_ns;

    direction_init(&d);
    coil_spin_init(&spin, &d.shared->control, &nobody);
    began_ns = thread_cpu_ns();
    for (unsigned i = 0; i < count; i++)
        if (coil_spin_wait(&spin, &d.consumer))
            return INT64_MAX;
    began_ns = thread_cpu_ns() - began_ns;
    direction_deinit(&d);
    return began_ns;
}

/* At the whole budget of 50 us each it would be 100 ms. */
static void spins_that_fail_become_short(void **state)
{
    (void)state;
    assert_in_range(fail_to_spin(2000), 0, 60000000);
}

static void what_is_there_needs_no_spin(void **state)
{
    struct direction d;
    struct coil_spin spin;

    (void)state;
    direction_init(&d);
    coil_spin_init(&spin, &d.shared->control, &nobody);
    put(&d, 1);
    spin.budget_ns = 0;
    assert_true(coil_spin_wait(&spin, &d.consumer));
    assert_int_equal(spin.misses, 0);
    direction_deinit(&d);
}

static void *publish_soon(void *argument)
{
    for (volatile int i = 0; i < 2000; i++)
        ;
    put(argument, 1);
    return NULL;
}

/* However the spin ends, it says the truth about the record. */
static void a_spin_tells_whether_it_paid_off(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        struct direction d;
        struct coil_spin spin;
        pthread_t thread;

        direction_init(&d);
        coil_spin_init(&spin, &d.shared->control, &nobody);
        assert_int_equal(pthread_create(&thread, NULL, publish_soon, &d), 0);
        while (!coil_spin_wait(&spin, &d.consumer))
            assert_true(spin.misses > 0 || sysconf(_SC_NPROCESSORS_ONLN) == 1);
        assert_true(coil_consumer_ready(&d.consumer));
        assert_int_equal(pthread_join(thread, NULL), 0);
        direction_deinit(&d);
    }
}

static void *publish_here(void *argument)
{
    put(argument, 1);
    return NULL;
}

/* The CPU is left to a side that has been woken there, at once; and to one that is awake there, now and then. */
static void sides_on_one_cpu_make_room(void **state)
{
    struct coil_control peer = { .processor = (uint32_t)sched_getcpu() + 1, .sleeping = 1 };
    struct coil_spin spin;
    struct direction d;
    cpu_set_t cpus, before;
    pthread_t thread;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    if (CPU_COUNT(&before) < 2)
        skip(); /* nobody spins anyway */
    CPU_ZERO(&cpus);
    CPU_SET(peer.processor - 1, &cpus);
    direction_init(&d);
    coil_spin_init(&spin, &d.shared->control, &peer); /* the CPUs are counted before they are taken away */
    assert_int_equal(sched_setaffinity(0, sizeof cpus, &cpus), 0);
    assert_false(coil_spin_wait(&spin, &d.consumer));
    assert_int_equal(spin.misses, 0);
    assert_int_equal(spin.brief_looks, 1);
    assert_int_equal(atomic_load(&d.shared->control.processor), peer.processor);

    peer.sleeping = 0;
    assert_int_equal(pthread_create(&thread, NULL, publish_here, &d), 0);
    while (!coil_spin_wait(&spin, &d.consumer))
        assert_true(spin.misses > 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    direction_deinit(&d);
}

/* The CPUs are counted once per process, so a process of its own looks at one. */
static int spin_on_one_cpu(void)
{
    struct coil_control own = { 0 };
    struct coil_spin spin;
    cpu_set_t cpus;
    int cpu = sched_getcpu();

    CPU_ZERO(&cpus);
    CPU_SET(cpu < 0 ? 0 : cpu, &cpus);
    if (sched_setaffinity(0, sizeof cpus, &cpus) < 0)
        return 2;
    coil_spin_init(&spin, &own, &nobody);
    /* A spin costs no more than a few looks: 2000 of them far less than one budget each. */
    return spin.brief_looks == 1 && fail_to_spin(2000) < 20000000 ? 0 : 1;
}

static void nobody_spins_on_one_cpu(void **state)
{
    int status;
    pid_t child;

    (void)state;
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(spin_on_one_cpu());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_spins_on_one_cpu), /* first: nothing has counted the CPUs yet */
        cmocka_unit_test(sides_on_one_cpu_make_room),
        cmocka_unit_test(two_sleepers_wake_each_other),
        cmocka_unit_test(a_stream_wakes_its_sleeper),
        cmocka_unit_test(a_sleep_ends_in_time),
        cmocka_unit_test(a_sleeper_can_be_woken_without_a_record),
        cmocka_unit_test(a_signal_ends_a_sleep),
        cmocka_unit_test(a_sleeper_has_told_how_far_it_is),
        cmocka_unit_test(what_is_there_is_not_slept_for),
        cmocka_unit_test(spins_that_fail_become_short),
        cmocka_unit_test(what_is_there_needs_no_spin),
        cmocka_unit_test(a_spin_tells_whether_it_paid_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
