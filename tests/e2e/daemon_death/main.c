/*
 * Callers that the daemon dies under.  Each says its name, what it got and when (ms of the monotonic clock) it was back.
 * "many MS": in calls, in C that Python has called, behind a full ring of one-way calls, calling all the time; C takes so
 * long, and what calls all the time twice as long.
 * "gil": in a call that keeps the GIL, and one that waits for it.  "one": a single call.  "stay": one for each line.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern int worker(void), add(int x, int y), slow(int ms), hold(int ms), count(void);
extern int back(int (*f)(int), int x);
extern void wait_alone(int ms), note(int x);

#define NOTES 3000

static int c_ms;

static double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static void sleep_ms(int ms)
{
    nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000L }, NULL);
}

static void say(const char *name, int got)
{
    printf("%s %d %.0f\n", name, got, now_ms());
    fflush(stdout);
}

static int in_c(int x)
{
    sleep_ms(c_ms);
    return x;
}

static void *in_call(void *name)
{
    say(name, slow(60000));
    return NULL;
}

static void *in_callback(void *name)
{
    say(name, back(in_c, 5));
    return NULL;
}

static void *in_ring(void *name)
{
    wait_alone(60000);
    for (int i = 0; i < NOTES; i++)
        note(i);
    say(name, count() == NOTES ? 1 : 0);
    return NULL;
}

static void *busy(void *name)
{
    double end = now_ms() + 2 * c_ms;
    int failed = 0, wrong = 0;

    for (int i = 0; now_ms() < end; i++) {
        int got = add(i, 1);

        failed += got == -1;
        wrong += got != -1 && got != i + 1;
    }
    say(name, wrong ? 100 : failed); /* the one that had begun may fail */
    return NULL;
}

static void *in_native(void *name)
{
    say(name, hold(60000));
    return NULL;
}

static void *behind_gil(void *name)
{
    sleep_ms(200);
    say(name, add(40, 2));
    return NULL;
}

int main(int argc, char **argv)
{
    static void *(*const many[])(void *) = { in_call, in_call, in_callback, in_callback, in_ring, in_ring, busy, busy };
    static const char *const names[] = { "call", "call", "callback", "callback", "ring", "ring", "busy", "busy" };
    static void *(*const gil[])(void *) = { in_native, behind_gil, behind_gil };
    static const char *const gil_names[] = { "native", "behind", "behind" };
    const char *mode = argc > 1 ? argv[1] : "one";
    pthread_t threads[8];
    int n = strcmp(mode, "many") == 0 ? 8 : strcmp(mode, "gil") == 0 ? 3 : 0;
    char line[16];

    c_ms = argc > 2 ? atoi(argv[2]) : 0;
    if (strcmp(mode, "one") == 0) {
        say("one", add(40, 2));
        return 0;
    }
    say("worker", worker());
    for (int i = 0; i < n; i++)
        pthread_create(&threads[i], NULL, n == 8 ? many[i] : gil[i], (void *)(n == 8 ? names[i] : gil_names[i]));
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    while (n == 0 && fgets(line, sizeof line, stdin))
        say("worker", worker());
    return 0;
}
