/*
 * Destructors of the program's own thread-specific values call Python: in whatever order they come, and also if they come
 * again and again until the C library has enough of it.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

extern int add(int x, int y);

static pthread_key_t early, late;
static atomic_int wrong, calls;
static int rounds;

static void call(pthread_key_t key, void *value)
{
    intptr_t left = (intptr_t)value;

    calls++;
    wrong += add((int)left, 1) != left + 1;
    if (left > 1)
        pthread_setspecific(key, (void *)(left - 1));
}

static void on_early(void *value)
{
    call(early, value);
}

static void on_late(void *value)
{
    call(late, value);
}

static void *thread_main(void *first)
{
    if (first)
        wrong += add(1, 2) != 3;
    pthread_setspecific(early, (void *)(intptr_t)rounds);
    pthread_setspecific(late, (void *)(intptr_t)rounds);
    return NULL;
}

static void many(int count)
{
    for (int i = 0; i < count; i++) {
        pthread_t thread;

        pthread_create(&thread, NULL, thread_main, i % 2 ? &thread : NULL);
        pthread_join(thread, NULL);
    }
}

int main(void)
{
    pthread_key_create(&early, on_early);
    wrong += add(40, 2) != 42; /* the first call: a key of coil's own lies between the two */
    pthread_key_create(&late, on_late);
    rounds = 2;
    many(100);
    printf("%d calls, %d wrong\n", calls, wrong);
    calls = 0;
    rounds = 3;
    many(300); /* more threads than there are channels */
    printf("%d calls, %d wrong\n", calls, wrong);
    return 0;
}
