#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

extern int add(int x, int y);
extern int inits(void);

static pthread_barrier_t barrier;

static void *run(void *argument)
{
    intptr_t number = (intptr_t)argument, wrong = 0;

    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 200; i++)
        wrong += add((int)number, i) != (int)number + i;
    return (void *)wrong;
}

int main(void)
{
    pthread_t threads[20];
    intptr_t wrong = 0;

    pthread_barrier_init(&barrier, NULL, 20);
    for (intptr_t i = 0; i < 20; i++)
        pthread_create(&threads[i], NULL, run, (void *)i);
    for (int i = 0; i < 20; i++) {
        void *result;

        pthread_join(threads[i], &result);
        wrong += (intptr_t)result;
    }
    printf("%d wrong, %d init\n", (int)wrong, inits());
    return 0;
}
