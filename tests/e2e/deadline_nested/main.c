/* Deadlines of calls in calls. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern int outer(int which, int ms), outer_late(int which, int ms), outer_naps(int ms), asks_late(void),
    outer_repeats(int count);
extern int asks_forever(void), quick(int x), ended(void);

static double begin;

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void report(const char *name, int result)
{
    printf("%s: %d %s, then %d\n", name, result, now() - begin < 4 ? "in time" : "late", quick(1));
    begin = now();
}

static void await_ends(int count)
{
    const struct timespec moment = { 0, 10000000 };

    for (begin = now(); count > 0 && now() - begin < 20; nanosleep(&moment, NULL))
        count -= ended();
    printf("ended: %s\n", count == 0 ? "yes" : "no");
    begin = now();
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (rounds) {
        for (int i = 0; i < rounds; i++)
            if (asks_forever() != -7 || quick(i) != i + 1)
                return 1;
        for (int i = 0; i < rounds / 10; i++)
            if (outer_late(2, 60000) != -7 || outer(0, 1) != 102)
                return 2;
        puts("rounds done");
        return getchar() == EOF;
    }
    quick(0);
    begin = now();
    report("inner late", outer(0, 60000));
    await_ends(1);
    report("inner, as long as the outer one has", outer_late(1, 60000));
    await_ends(1);
    report("the outer one's own", outer_late(2, 60000));
    await_ends(1);
    report("C is not interrupted", outer_naps(700));
    await_ends(1);
    report("C that calls again and again", outer_repeats(100));
    report("asks late", asks_late());
    await_ends(1);
    report("all is well", outer_late(0, 1));
    return 0;
}
