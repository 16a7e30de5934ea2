/* A handler that blocks holds up its own caller only: 64 threads that sleep 300 ms each end together. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

extern int add(int x, int y);
extern int wait_for(int ms);

static void *sleeper(void *argument)
{
    (void)argument;
    return (void *)(intptr_t)(wait_for(300) != 300);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(void)
{
    pthread_t threads[64];
    int wrong = 0;
    double begin;

    add(1, 2);
    begin = now();
    for (int i = 0; i < 64; i++)
        pthread_create(&threads[i], NULL, sleeper, NULL);
    for (int i = 0; i < 100; i++)
        wrong += add(i, i) != 2 * i;
    printf("calls of the main thread %s\n", now() - begin < 5 ? "went on" : "were held up");
    for (int i = 0; i < 64; i++) {
        void *result;

        pthread_join(threads[i], &result);
        wrong += result != NULL;
    }
    printf("%d wrong, %s\n", wrong, now() - begin < 10 ? "together" : "one after the other");
    return 0;
}
