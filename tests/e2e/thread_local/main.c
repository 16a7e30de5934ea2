#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

extern int count(void);
extern int same_thread(void);

static pthread_barrier_t barrier;

static void *run(void *argument)
{
    intptr_t last = 0, same = 1;

    (void)argument;
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 500; i++) {
        last = count();
        same &= same_thread();
    }
    return (void *)(last * 2 + same);
}

int main(void)
{
    pthread_t threads[10];

    printf("%d\n", count());
    for (int round = 0; round < 2; round++) {
        pthread_barrier_init(&barrier, NULL, 10);
        for (int i = 0; i < 10; i++)
            pthread_create(&threads[i], NULL, run, NULL);
        for (int i = 0; i < 10; i++) {
            void *result;

            pthread_join(threads[i], &result);
            printf("%d %d\n", (int)((intptr_t)result / 2), (int)((intptr_t)result % 2));
        }
    }
    printf("%d\n", count());
    return 0;
}
