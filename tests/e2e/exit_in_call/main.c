/* The program ends while its threads are within calls. */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

extern int slow(int ms);
extern int add(int x, int y);

static void *sleeper(void *argument)
{
    (void)argument;
    slow(1500);
    return NULL;
}

int main(void)
{
    pthread_t threads[8];

    printf("%d\n", add(40, 2));
    for (int i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, sleeper, NULL);
    nanosleep(&(struct timespec){0, 200000000}, NULL);
    printf("%d\n", add(1, 2));
    return 0;
}
