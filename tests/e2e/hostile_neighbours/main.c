/* Calls for so many milliseconds, and prints how many calls were wrong and how long the 99th of 100 took, in ns. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CALLS_MAX 4000000

extern int add(int x, int y);

static long long now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const long long x = *(const long long *)a, y = *(const long long *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    long long *took = malloc(CALLS_MAX * sizeof *took);
    long long end;
    int calls = 0, wrong = 0;

    if (!took || argc < 2 || add(1, 2) != 3)
        return 1;
    end = now_ns() + atoll(argv[1]) * 1000000;
    while (calls < CALLS_MAX && now_ns() < end) {
        long long began = now_ns();

        wrong += add(calls, 2) != calls + 2;
        took[calls++] = now_ns() - began;
        /* As a program that does something else, too: 20 us between two calls. */
        while (now_ns() < began + 20000)
            ;
    }
    qsort(took, (size_t)calls, sizeof *took, compare);
    printf("%d %d %lld\n", calls, wrong, took[(long long)calls * 99 / 100]);
    free(took);
    return 0;
}
