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
 * The number of spinning threads is counted per process.  Both sides of a channel
 * spin while they wait for each other in turns, so each process takes at most
 * half of the CPUs.
 *
 * Threads: any; a coil_spin and a coil_consumer belong to one at a time.
 */
#include "proto/wait.h"

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

void coil_spin_init(struct coil_spin *spin)
{
    *spin = (struct coil_spin){ .budget_ns = BUDGET_MAX_NS, .brief_looks = most_spinners() ? BRIEF_LOOKS : 1 };
}

void coil_spin_forget(void)
{
    atomic_store_explicit(&spinners, 0, memory_order_relaxed);
}

bool coil_spin_wait(struct coil_spin *spin, const struct coil_consumer *consumer)
{
    bool whole = spin->misses < MISSES_FEW || spin->misses % PROBE_INTERVAL == 0;
    bool ready;

    if (coil_spin_brief(spin, consumer))
        return true;
    if (atomic_fetch_add_explicit(&spinners, 1, memory_order_relaxed) >= most_spinners()) {
        atomic_fetch_sub_explicit(&spinners, 1, memory_order_relaxed);
        return coil_consumer_ready(consumer);
    }
    ready = spin_until(consumer, whole ? BUDGET_MAX_NS : spin->budget_ns);
    atomic_fetch_sub_explicit(&spinners, 1, memory_order_relaxed);

    if (ready) {
        spin->misses = 0;
        spin->budget_ns = spin->budget_ns < BUDGET_MAX_NS / 2 ? spin->budget_ns * 2 : BUDGET_MAX_NS;
    } else {
        spin->misses++;
        spin->budget_ns = spin->budget_ns > BUDGET_MIN_NS * 2 ? spin->budget_ns / 2 : BUDGET_MIN_NS;
    }
    return ready;
}

void *coil_producer_spin(struct coil_producer *producer, uint32_t size)
{
    int64_t end = coil_clock_ns() + ROOM_BUDGET_NS;
    void *payload = NULL;

    if (atomic_fetch_add_explicit(&spinners, 1, memory_order_relaxed) < most_spinners()) {
        do {
            for (int i = 0; i < LOOKS_PER_CLOCK; i++)
                coil_spin_relax(); /* room comes by the quarter of a ring: looking oftener only holds the consumer up */
            payload = coil_producer_claim(producer, size);
        } while (!payload && coil_clock_ns() < end);
    }
    atomic_fetch_sub_explicit(&spinners, 1, memory_order_relaxed);
    return payload;
}

bool coil_consumer_sleep(struct coil_consumer *consumer, int timeout_ms)
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
    return coil_consumer_ready(consumer);
}
