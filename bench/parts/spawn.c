/*
 * How long a whole program takes, from before it is started until it has been waited for.
 *
 *     spawn COUNT PROGRAM [ARGUMENT...]     prints one time in ns per line
 */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static long long now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (long long)time.tv_sec * 1000000000 + time.tv_nsec;
}

int main(int argc, char **argv)
{
    int count = argc > 2 ? atoi(argv[1]) : 0;

    for (int i = 0; i < count; i++) {
        long long begin = now_ns();
        int status;
        pid_t child;

        if (posix_spawn(&child, argv[2], NULL, NULL, argv + 2, environ) != 0 || waitpid(child, &status, 0) < 0 ||
            status != 0)
            return 1;
        printf("%lld\n", now_ns() - begin);
    }
    return count ? 0 : 2;
}
