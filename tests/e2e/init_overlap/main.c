/* The init codes of two libraries run at the same time: each waits for the other. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

extern int one(int x);
extern int two(int x);

static void *other(void *argument)
{
    (void)argument;
    return (void *)(intptr_t)two(40);
}

int main(void)
{
    pthread_t thread;
    void *result;

    pthread_create(&thread, NULL, other, NULL);
    printf("%d\n", one(40));
    pthread_join(thread, &result);
    printf("%d\n", (int)(intptr_t)result);
    return 0;
}
