/* The worker is killed between calls and during calls, many times over. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

extern int add(int x, int y);
extern int slow(int ms);
extern int slow_plain(int ms);
extern int python_pid(void);

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *killer(void *argument)
{
    nanosleep(&(struct timespec){0, 100000000}, NULL);
    kill(*(int *)argument, SIGKILL);
    return NULL;
}

static int during(int (*function)(int ms))
{
    int worker = python_pid(), result;
    pthread_t thread;
    double begin = now(), took;

    pthread_create(&thread, NULL, killer, &worker);
    result = function(10000);
    took = now() - begin;
    pthread_join(thread, NULL);
    printf("%d %s\n", result, took < 1.1 ? "within a second" : "late");
    return result;
}

int main(void)
{
    int worker;

    printf("%d\n", add(40, 2));
    for (int round = 0; round < 2; round++) {
        worker = python_pid();
        kill(worker, SIGKILL);
        if (round)
            nanosleep(&(struct timespec){0, 200000000}, NULL);
        printf("between calls: %d\n", add(round, 1));
        printf("%s worker\n", python_pid() != worker ? "another" : "the same");
    }
    during(slow);
    printf("next: %d\n", add(1, 1));
    during(slow_plain);
    printf("next: %d\n", add(2, 2));
    return 0;
}
