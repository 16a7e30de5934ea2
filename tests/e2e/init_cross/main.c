/*
 * The init codes of two libraries call each other's functions, at the same time: each would wait for the other for ever.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

extern int one(int x), two(int x), one_found(void), two_found(void);

int (*the_one)(int x) = one, (*the_two)(int x) = two;
static pthread_barrier_t both;

void meet(void)
{
    pthread_barrier_wait(&both);
}

static void *other(void *argument)
{
    (void)argument;
    return (void *)(intptr_t)two(1);
}

int main(void)
{
    pthread_t thread;
    void *result;

    pthread_barrier_init(&both, NULL, 2);
    pthread_create(&thread, NULL, other, NULL);
    printf("%d", one(1));
    pthread_join(thread, &result);
    printf(" %d\n", (int)(intptr_t)result);
    printf("%d %d\n", one_found(), two_found());
    printf("%d %d\n", one(2), two(2));
    return 0;
}
