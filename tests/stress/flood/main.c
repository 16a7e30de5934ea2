#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int add(int x, int y);

#define THREADS_MAX 64
#define SAMPLES_MAX 4000000

static atomic_bool end;
static double *samples;

static double now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void *call(void *unused)
{
    (void)unused;
    while (!end)
        (void)add(40, 2);
    return NULL;
}

static void *burn(void *unused)
{
    volatile uint64_t count = 0;

    (void)unused;
    while (!end)
        count++;
    return NULL;
}

static void *call_once(void *unused)
{
    (void)unused;
    (void)add(40, 2);
    return NULL;
}

/* Each thread is new, so that each call needs a channel. */
static void *churn(void *unused)
{
    pthread_t thread;

    (void)unused;
    while (!end) {
        if (pthread_create(&thread, NULL, call_once, NULL) == 0)
            (void)pthread_join(thread, NULL);
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Calls for some seconds, one after the other: "number wrong half 99% longest", in microseconds. */
static void measure(double seconds)
{
    double begin = now();
    size_t count = 0, wrong = 0;

    (void)add(1, 1);
    while (count < SAMPLES_MAX && now() < begin + seconds * 1e6) {
        double before = now();

        wrong += add((int)count, 2) != (int)count + 2;
        samples[count++] = now() - before;
    }
    qsort(samples, count, sizeof *samples, compare);
    printf("%zu %zu %.1f %.1f %.1f\n", count, wrong, samples[count / 2], samples[count * 99 / 100], samples[count - 1]);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    int count = argc > 2 ? atoi(argv[2]) : 1;
    pthread_t threads[THREADS_MAX];
    char byte;

    samples = calloc(SAMPLES_MAX, sizeof *samples);
    if (strcmp(what, "measure") == 0) {
        measure(atof(argv[2]));
        return 0;
    }
    for (int i = 0; i < count; i++)
        (void)pthread_create(&threads[i], NULL,
                             strcmp(what, "call") == 0    ? call
                             : strcmp(what, "burn") == 0  ? burn
                                                          : churn,
                             NULL);
    puts("ready");
    fflush(stdout);
    (void)!read(STDIN_FILENO, &byte, 1);
    end = true;
    for (int i = 0; i < count; i++)
        (void)pthread_join(threads[i], NULL);
    return 0;
}
