/* Many threads that call as fast as they can, for a time, from a given moment on: how many calls there were. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "driver.h"

struct caller {
    pthread_t thread;
    int64_t begin_ns;
    int64_t end_ns;
    long calls; /* that ended in time */
};

static void sleep_until(int64_t ns)
{
    struct timespec time = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) != 0)
        continue;
}

static void *caller_run(void *argument)
{
    struct caller *caller = argument;
    long calls = 0;

    if (add(1, 2) != 3) /* this thread's first call: not measured */
        abort();
    sleep_until(caller->begin_ns);
    for (;;) {
        if (add((int)(calls & 0xffff), 2) != (int)(calls & 0xffff) + 2)
            abort();
        if (measure_now_ns() > caller->end_ns)
            break;
        calls++;
    }
    caller->calls = calls;
    return NULL;
}

void throughput_command(int threads, long duration_ms, int64_t begin_ns)
{
    struct caller *callers = calloc((size_t)threads, sizeof *callers);
    long total = 0, fewest = 0, most = 0;

    if (!callers)
        abort();
    for (int i = 0; i < threads; i++) {
        callers[i].begin_ns = begin_ns;
        callers[i].end_ns = begin_ns + (int64_t)duration_ms * 1000000;
        if (pthread_create(&callers[i].thread, NULL, caller_run, &callers[i]) != 0)
            abort();
    }
    for (int i = 0; i < threads; i++) {
        long calls;

        pthread_join(callers[i].thread, NULL);
        calls = callers[i].calls;
        total += calls;
        fewest = i == 0 || calls < fewest ? calls : fewest;
        most = calls > most ? calls : most;
    }
    free(callers);
    printf("{\"calls\": %ld, \"fewest\": %ld, \"most\": %ld}\n", total, fewest, most);
}
