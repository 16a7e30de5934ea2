#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

extern int one(int x);
extern int two(int x);
extern int one_pid(void);
extern int two_pid(void);
extern void greet(void);

static pthread_barrier_t barrier;

static void *run(void *argument)
{
    intptr_t number = (intptr_t)argument, wrong = 0;

    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 100; i++)
        wrong += number % 2 ? two(i) != i + 2 : one(i) != i + 1;
    return (void *)wrong;
}

int main(void)
{
    pthread_t threads[8];
    intptr_t wrong = 0;

    pthread_barrier_init(&barrier, NULL, 8);
    for (intptr_t i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, run, (void *)i);
    for (int i = 0; i < 8; i++) {
        void *result;

        pthread_join(threads[i], &result);
        wrong += (intptr_t)result;
    }
    greet();
    printf("%d %d\n", (int)wrong, one_pid() == two_pid());
    return 0;
}
