/* C code that Python has called ends its thread with pthread_exit(): others call on, and so do later threads. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

extern int outer(int depth), add(int x, int y);

static atomic_int stop, wrong;

static void *bystander(void *unused)
{
    for (int i = 0; !stop; i++)
        wrong += add(i, 1) != i + 1;
    return unused;
}

static void *leaver(void *depth)
{
    outer((int)(long)depth);
    return "came back";
}

int main(void)
{
    pthread_t other, thread;

    pthread_create(&other, NULL, bystander, NULL);
    for (int round = 0; round < 40; round++) {
        void *result = NULL;

        pthread_create(&thread, NULL, leaver, (void *)(long)(round % 3));
        pthread_join(thread, &result);
        wrong += strcmp(result, "left") != 0;
        wrong += add(round, 1) != round + 1;
    }
    stop = 1;
    pthread_join(other, NULL);
    printf("%d wrong\n", wrong);
    return 0;
}
