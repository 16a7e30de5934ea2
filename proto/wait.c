/*
 * Spinning and sleeping.
 *
 * Why both: a peer that answers at once is met in a fraction of a microsecond by
 * spinning and in tens of them by sleeping; a peer that takes long must not cost
 * a CPU.  The longest budget is about what a sleep and a wake-up cost, so that a
 * spin that fails never more than doubles the price of the wait.
 *
 * Two sides that both sleep make each other look slow: each waits for the other's
 * wake-up, which no short spin outlasts.  So a side that keeps missing tries the whole
 * budget from time to time, and both are awake again.
 *
 * The kernel likes to wake a sleeper on the CPU of whoever wakes it, in virtual machines even if others are idle.  Two
 * sides that are on one CPU and sleep in turns stay there for ever, at the price of two switches for a call, because
 * there is never more than one that could be moved.  So each side says where it runs, and if that is the same CPU: who
 * waits for a sleeper that it has just woken goes to sleep at once, and makes room for it; who waits for one that is
 * awake yields. Nobody yields to a side on another CPU: with other programs on this one, that would cost a whole time
 * slice.
 * So does who waits for room in the ring, or the reader could not make any. A side that has slept says anew where it is.
 *
 * The number of spinning threads is counted per process.  Both sides of a channel
 * spin while they wait for each other in turns, so each process takes at most
 * half of the CPUs.
 *
 * Threads: any; a coil_spin and a coil_consumer belong to one at a time.
 */
#include "proto/wait.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "proto/clock.h"

#define BUDGET_MIN_NS 1000u
#define BUDGET_MAX_NS 50000u
#define ROOM_BUDGET_NS 100000
#define BRIEF_LOOKS 64u    /* each 10 to 40 ns, most of it in coil_spin_relax */
#define MISSES_FEW 4       /* in a row: one long pause among short ones changes nothing yet */
#define PROBE_INTERVAL 16  /* misses in a row between two tries of the whole budget */
#define LOOKS_PER_CLOCK 32 /* looking at the clock costs about as much as 32 looks at the line */

static _Atomic int spinners;      /* threads of this process that spin now; relaxed: only a limit */
static _Atomic int spinners_most; /* 0: not yet known; relaxed: every thread computes the same */

static int most_spinners(void)
{
    int most = atomic_load_explicit(&spinners_most, memory_order_relaxed);
    cpu_set_t cpus;
    int count;

    if (most)
        return most > 0 ? most : 0;
    count = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : (int)sysconf(_SC_NPROCESSORS_ONLN);
    most = count > 1 ? count / 2 : -1; /* -1: known to be none */
    atomic_store_explicit(&spinners_most, most, memory_order_relaxed);
    return most > 0 ? most : 0;
}

static bool spin_until(const struct coil_consumer *consumer, uint32_t budget_ns)
{
    int64_t end = coil_clock_ns() + budget_ns;

    do {
        for (int i = 0; i < LOOKS_PER_CLOCK; i++) {
            if (coil_consumer_ready(consumer))
                return true;
            coil_spin_relax();
        }
    } while (coil_clock_ns() < end);
    return coil_consumer_ready(consumer);
}

/* The two sides take turns on one CPU. */
static bool yield_until(const struct coil_consumer *consumer, uint32_t budget_ns)
{
    int64_t end = coil_clock_ns() + budget_ns;

    do {
        (void)sched_yield();
        if (coil_consumer_ready(consumer))
            return true;
    } while (coil_clock_ns() < end);
    return false;
}

static uint32_t brief_looks(void)
{
    return most_spinners() ? BRIEF_LOOKS : 1;
}

void coil_spin_init(struct coil_spin *spin, struct coil_control *own, const struct coil_control *peer)
{
    *spin = (struct coil_spin){ .budget_ns = BUDGET_MAX_NS, .brief_looks = brief_looks(), .own = own, .peer = peer };
}

/* Tells the other side on which CPU we are. */
static void tell_processor(struct coil_spin *spin)
{
    uint32_t processor = (uint32_t)sched_getcpu() + 1;

    if (processor == spin->processor)
        return;
    spin->processor = processor;
    atomic_store_explicit(&spin->own->processor, processor, memory_order_relaxed);
}

/* Is the other side on this CPU, as far as is known?  Tells it where we are. */
static bool is_together(struct coil_spin *spin)
{
    tell_processor(spin);
    return atomic_load_explicit(&spin->peer->processor, memory_order_relaxed) == spin->processor;
}

void coil_spin_forget(void)
{
    atomic_store_explicit(&spinners, 0, memory_order_relaxed);
}

/* 1: the record is ready; 0: the budget is spent; -ENOENT: there is no sense in waiting here. */
static int spend(struct coil_spin *spin, const struct coil_consumer *consumer, bool whole)
{
    uint32_t budget_ns = whole ? BUDGET_MAX_NS : spin->budget_ns;
    bool together = is_together(spin);

    spin->brief_looks = together ? 1 : brief_looks();
    if (!together)
        return spin_until(consumer, budget_ns);
    if (atomic_load_explicit(&spin->peer->sleeping, memory_order_relaxed))
        return -ENOENT;
    return yield_until(consumer, budget_ns);
}

bool coil_spin_wait(struct coil_spin *spin, const struct coil_consumer *consumer)
{
    bool whole = spin->misses < MISSES_FEW || spin->misses % PROBE_INTERVAL == 0;
    int r;

    if (coil_spin_brief(spin, consumer))
        return true;
    if (atomic_fetch_add_explicit(&spinners, 1, memory_order_relaxed) >= most_spinners()) {
        atomic_fetch_sub_explicit(&spinners, 1, memory_order_relaxed);
        return coil_consumer_ready(consumer);
    }
    r = spend(spin, consumer, whole);
    atomic_fetch_sub_explicit(&spinners, 1, memory_order_relaxed);

    if (r == -ENOENT)
        return coil_consumer_ready(consumer);
    if (r) {
        spin->misses = 0;
        spin->budget_ns = spin->budget_ns < BUDGET_MAX_NS / 2 ? spin->budget_ns * 2 : BUDGET_MAX_NS;
    } else {
        spin->misses++;
        spin->budget_ns = spin->budget_ns > BUDGET_MIN_NS * 2 ? spin->budget_ns / 2 : BUDGET_MIN_NS;
    }
    return r;
}

/* Spins, or if the consumer is on this CPU, lets it run. */
static void *spin_for_room(struct coil_producer *producer, uint32_t size, bool together)
{
    int64_t end = coil_clock_ns() + ROOM_BUDGET_NS;
    void *payload;

    do {
        if (together)
            (void)sched_yield();
        else
            for (int i = 0; i < LOOKS_PER_CLOCK; i++)
                coil_spin_relax(); /* room comes by the quarter of a ring: looking oftener only holds the consumer up */
        payload = coil_producer_claim(producer, size);
    } while (!payload && coil_clock_ns() < end);
    return payload;
}

void *coil_producer_spin(struct coil_producer *producer, struct coil_spin *spin, uint32_t size)
{
    void *payload = NULL;

    if (atomic_fetch_add_explicit(&spinners, 1, memory_order_relaxed) < most_spinners())
        payload = spin_for_room(producer, size, is_together(spin));
    atomic_fetch_sub_explicit(&spinners, 1, memory_order_relaxed);
    return payload;
}

bool coil_consumer_sleep(struct coil_consumer *consumer, struct coil_spin *spin, int timeout_ms)
{
    const struct coil_record *record = coil_consumer_record(consumer);
    struct timespec timeout = { timeout_ms / 1000, (long)(timeout_ms % 1000) * 1000000 };
    uint32_t seen;

    coil_consumer_tell(consumer); /* a producer that waits for room must not wait for a sleeper */
    atomic_store_explicit(&consumer->own->sleeping, consumer->sequence, memory_order_relaxed);
    /* W: pairs with the fence in coil_producer_commit; see there. */
    atomic_thread_fence(memory_order_seq_cst);
    seen = atomic_load_explicit(&record->commit, memory_order_relaxed);
    /* The kernel compares the word again under its own lock: a commit between here and there is seen. */
    if (seen != consumer->sequence)
        (void)syscall(SYS_futex, &record->commit, FUTEX_WAIT, seen, timeout_ms < 0 ? NULL : &timeout, NULL, 0);
    atomic_store_explicit(&consumer->own->sleeping, 0, memory_order_relaxed);
    tell_processor(spin); /* often that of whoever woke us */
    return coil_consumer_ready(consumer);
}
