/* Calls that take longer than they may: the program goes on in time, and what comes late is not seen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern int loop(void), stubborn(void), printing(void), nap(int ms), read_pipe(void), patient(int ms), quick(int x);
extern int fill(int *v, int n, int ms), plenty(char *v, int n, int ms), ended(void);
extern void let_go(void);

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Waits until `count` late handlers have ended. */
static void await_ends(int count)
{
    const struct timespec moment = { 0, 10000000 };
    double begin = now();

    while (count > 0 && now() - begin < 20) {
        count -= ended();
        nanosleep(&moment, NULL);
    }
    printf("ended: %s\n", count == 0 ? "yes" : "no");
}

static double begin;

static void report(const char *name, int result)
{
    double took = now() - begin;

    printf("%s: %d %s, then %d\n", name, result, took >= 0.19 && took < 4 ? "in time" : "at a wrong time", quick(1));
    if (getenv("SHOW"))
        fprintf(stderr, "%s took %.3f s\n", name, took);
    fflush(stdout);
    begin = now();
}

static void check_memory(void)
{
    int v[100] = { 0 }, changed = 0;
    size_t n = 3 << 20;
    char *large = calloc(n, 1);

    begin = now();
    report("fill", fill(v, 100, 1000));
    report("plenty", plenty(large, (int)n, 1000));
    await_ends(2);
    printf("%d\n", patient(50));
    for (int i = 0; i < 100; i++)
        changed += v[i] != 0;
    for (size_t i = 0; i < n; i++)
        changed += large[i] != 0;
    printf("changed: %d\n", changed);
    printf("fill: %d", fill(v, 100, 0));
    printf(" %d, plenty: %d", v[99], plenty(large, (int)n, 0));
    printf(" %c\n", large[n - 1]);
    free(large);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 0;

    for (int i = 0; i < rounds; i++) {
        if (loop() != -1 || quick(i) != i + 1)
            return 1;
        fflush(stdout);
    }
    if (rounds) {
        puts("rounds done");
        fflush(stdout);
        return getchar() == EOF ? 1 : 0;
    }
    quick(0);
    begin = now();
    report("loop", loop());
    report("stubborn", stubborn());
    report("nap", nap(1500));
    if (strcmp(getenv("COIL_MODE"), "daemon") == 0)
        report("read_pipe", read_pipe());
    await_ends(4);
    if (strcmp(getenv("COIL_MODE"), "daemon") == 0) {
        report("printing", printing());
        let_go();
        await_ends(2);
    }
    check_memory();
    return 0;
}
