/* Two processes with one cache line for each direction: what a call between processes cannot be cheaper than. */
#ifndef COIL_BENCH_PAIR_H
#define COIL_BENCH_PAIR_H

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/* `request` is written by the parent, read by the child; `reply` the other way.  Each is one line. */
struct pair {
    struct {
        _Alignas(
            64) _Atomic unsigned number; /* release in whoever writes, acquire in whoever reads: the rest of the line */
        int x, y;
    } request;
    struct {
        _Alignas(64) _Atomic unsigned number; /* as above */
        int sum;
    } reply;
};

static inline void pair_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/* Each on a CPU of its own, where there are two. */
static inline void pair_pin(int which)
{
    cpu_set_t allowed, one;
    int seen = 0;

    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2)
        return;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &allowed) && seen++ == which) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            (void)sched_setaffinity(0, sizeof one, &one);
            return;
        }
    }
}

static inline struct pair *pair_new(void)
{
    struct pair *pair = mmap(NULL, sizeof *pair, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (pair == MAP_FAILED)
        abort();
    return pair;
}

/* The child runs `serve`, and ends with its parent. */
static inline void pair_start(void (*serve)(void), int pinned)
{
    pid_t child = fork();

    if (child < 0)
        abort();
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (pinned)
            pair_pin(1);
        serve();
        _exit(0);
    }
    if (pinned)
        pair_pin(0);
}

#endif
