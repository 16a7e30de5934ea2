/*
 * The floor: one cache line, there and back between two processes that spin,
 * each on a CPU of its own where that is allowed.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

/* There: written by the parent, read by the child; back: the other way.  One line each. */
struct lines {
    _Alignas(64) _Atomic unsigned there;
    _Alignas(64) _Atomic unsigned back;
};

static struct lines *lines;
static unsigned sequence;

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void pin(int which)
{
    cpu_set_t allowed, one;
    int seen = 0;

    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0 || CPU_COUNT(&allowed) < 2)
        return;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &allowed) && seen++ == which) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            (void)sched_setaffinity(0, sizeof(one), &one);
            return;
        }
    }
}

static void round_trip(int n)
{
    (void)n;
    sequence++;
    /* Release pairs with the child's acquire of `there`. */
    atomic_store_explicit(&lines->there, sequence, memory_order_release);
    /* Acquire pairs with the child's release of `back`. */
    while (atomic_load_explicit(&lines->back, memory_order_acquire) != sequence)
        relax();
}

int main(int argc, char **argv)
{
    pid_t child;

    lines = mmap(NULL, sizeof(*lines), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (lines == MAP_FAILED)
        return 1;
    child = fork();
    if (child < 0)
        return 1;
    if (child == 0) {
        unsigned seen = 0;

        pin(1);
        for (;;) {
            unsigned value = atomic_load_explicit(&lines->there, memory_order_acquire);

            if (value != seen) {
                seen = value;
                atomic_store_explicit(&lines->back, seen, memory_order_release);
            } else {
                relax();
            }
        }
    }
    pin(0);
    measure(round_trip, argc > 1 ? (size_t)atoi(argv[1]) : 100000);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return 0;
}
