/*
 * Threads are cancelled wherever they happen to be in calls, with large arguments and small ones, while others call:
 * nobody is held up, and what the threads had does not pile up.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern int add(int x, int y), nap(int ms);
extern long total(const int *v, long n);

#define COUNT 50000

static int numbers[COUNT];
static atomic_int stop, wrong;

static void *bystander(void *unused)
{
    for (int i = 0; !stop; i++)
        wrong += add(i, 1) != i + 1;
    return unused;
}

static void *victim(void *how)
{
    for (long sum = 0; sum >= 0; pthread_testcancel())
        sum += how ? total(numbers, COUNT) : add(1, 2);
    return how;
}

static void *sleeper(void *unused)
{
    pthread_cancel(pthread_self()); /* acted upon in the call, or after it */
    total(numbers, COUNT);
    nap(1);
    pthread_testcancel();
    return unused;
}

static void cancel_some(int rounds)
{
    for (int round = 0; round < rounds; round++) {
        pthread_t threads[4];

        for (int i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, i == 3 ? sleeper : victim, i % 2 ? numbers : NULL);
        usleep(500 + round % 7 * 300);
        for (int i = 0; i < 4; i++)
            pthread_cancel(threads[i]);
        for (int i = 0; i < 4; i++) {
            void *result;

            pthread_join(threads[i], &result);
            wrong += result != PTHREAD_CANCELED;
        }
    }
}

static long in_use(void)
{
    return (long)(mallinfo2().uordblks + mallinfo2().hblkhd) / 1024;
}

int main(void)
{
    int rounds = 60 * atoi(getenv("COIL_TEST_SCALE"));
    long before, after;
    pthread_t thread;

    mallopt(M_ARENA_MAX, 1);
    numbers[0] = 40;
    numbers[COUNT - 1] = 2;
    printf("%d %ld\n", add(40, 2), total(numbers, COUNT));
    pthread_create(&thread, NULL, bystander, NULL);
    cancel_some(30);
    before = in_use();
    cancel_some(rounds);
    after = in_use();
    stop = 1;
    pthread_join(thread, NULL);
    printf("%d wrong\n", wrong);
    if (after - before > 3000)
        printf("the program keeps %ld KiB more\n", after - before);
    printf("%d %ld\n", add(40, 2), total(numbers, COUNT));
    return 0;
}
