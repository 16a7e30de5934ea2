/*
 * The measured program: knows the functions of api.h and nothing of who implements them.
 *
 *     driver first     the time of the first call in this process, in ns
 *     driver once      one call, and the end
 *     driver           reads commands, one a line, answers each with one line of JSON:
 *
 *         latency WORK COUNT LIMIT_MS     single calls and batches
 *         asleep COUNT PAUSE_US           single calls of add(), with pauses before them
 *         stream COUNT                    one-way calls, end to end
 *         throughput THREADS MS BEGIN_NS  (BEGIN_NS: of CLOCK_MONOTONIC)
 *
 *     driver hold      calls once, writes one byte, waits until its input ends: an idle client
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"

struct measure_clock driver_clock;
int (*driver_flush)(void);

static int obey(const char *line)
{
    char name[32];
    long a, b;
    long long c;

    if (sscanf(line, "latency %31s %ld %ld", name, &a, &b) == 3 && a > 0) {
        const struct work *work = work_find(name);

        if (!work)
            return 0;
        latency_command(work, a, b);
    } else if (sscanf(line, "asleep %ld %ld", &a, &b) == 2 && a > 0) {
        asleep_command(a, b);
    } else if (sscanf(line, "stream %ld", &a) == 1 && a > 0) {
        stream_command(a);
    } else if (sscanf(line, "throughput %ld %ld %lld", &a, &b, &c) == 3 && a > 0) {
        throughput_command((int)a, b, c);
    } else {
        return 0;
    }
    return 1;
}

/* Without stdio: a thousand of these share one pipe for their answers, and one whose end lets all go. */
static int hold(void)
{
    char byte;

    if (add(40, 2) != 42 || write(STDOUT_FILENO, "h", 1) != 1)
        return 1;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    return 0;
}

int main(int argc, char **argv)
{
    char line[200];
    void *address;

    if (argc == 2 && strcmp(argv[1], "first") == 0) {
        int64_t begin = measure_now_ns();
        int result = add(40, 2);
        int64_t end = measure_now_ns();

        printf("%lld\n", (long long)(end - begin));
        return result == 42 ? 0 : 1;
    }
    if (argc == 2 && strcmp(argv[1], "once") == 0)
        return add(40, 2) == 42 ? 0 : 1;
    if (argc == 2 && strcmp(argv[1], "hold") == 0)
        return hold();
    address = dlsym(RTLD_DEFAULT, "coil_flush");
    memcpy(&driver_flush, &address, sizeof address);
    if (add && add(40, 2) != 42)
        return 1;
    measure_clock_calibrate(&driver_clock);
    while (fgets(line, sizeof line, stdin)) {
        if (!obey(line)) {
            fprintf(stderr, "driver: not understood: %s", line);
            return 2;
        }
        fflush(stdout);
    }
    return 0;
}
