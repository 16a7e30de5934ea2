/* Native code that keeps the GIL: `hold MS`, its program goes on in time; `quick N`, a program that waits meanwhile. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern int hold(int ms), quick(int x), start(void), generation(void);

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    const struct timespec moment = { 0, 20000000 };
    int worker = generation();
    double begin;
    int result;

    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("ready");
    if (getchar() == EOF)
        return 1;
    begin = now();
    if (argc > 2 && strcmp(argv[1], "hold") == 0) {
        result = hold(atoi(argv[2]));
        printf("hold: %d %s\n", result, now() - begin < 4 ? "in time" : "late");
        printf("quick: %d\n", quick(1));
    } else if (argc > 1 && strcmp(argv[1], "start") == 0) {
        printf("start: %d\n", start());
    } else {
        nanosleep(&moment, NULL);
        for (int i = 0; i < 40; i++) {
            if (quick(i) != i + 1)
                return 2;
            nanosleep(&moment, NULL);
        }
        puts("all answered");
    }
    printf("the worker is %s\n", generation() == worker ? "the same" : "another one");
    return 0;
}
