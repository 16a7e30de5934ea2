/* One-way calls that the worker does not get to: the program waits for no longer than its calls may take. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern void note(int x), stuck(int ms), hold(int ms);
extern int count(void), quick(int x);

static int (*last_error)(const char **text);

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Until one finds no room: how many were queued. */
static int fill(void)
{
    int queued = 0;

    for (note(0); last_error(NULL) == 0 && queued < 100000; note(0))
        queued++;
    printf("error %d\n", last_error(NULL));
    return queued;
}

int main(int argc, char **argv)
{
    int (*flush)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "coil_flush");
    double begin = now();
    int queued, got;

    setvbuf(stdout, NULL, _IOLBF, 0);
    last_error = (int (*)(const char **))dlsym(RTLD_DEFAULT, "coil_last_error");
    printf("quick: %d\n", quick(0));
    if (argc > 1 && strcmp(argv[1], "hold") == 0) {
        hold(60000);
        (void)fill();
        printf("quick: %d\n", quick(1)); /* finds no room either, or the next worker */
        while (quick(2) != 3)
            ;
        puts("another worker");
        return 0;
    }
    stuck(2000);
    queued = fill();
    printf("in time: %d\n", now() - begin < 1.9);
    got = flush();
    printf("flush: %d, error %d\n", got, last_error(NULL));
    got = count(); /* behind all of them, in the same ring */
    printf("queued and carried out: %d\n", got == queued && queued > 100);
    stuck(1000);
    got = flush();
    printf("flush: %d, error %d\n", got, last_error(NULL));
    printf("in time, on another channel: %d\n", quick(1));
    return 0;
}
