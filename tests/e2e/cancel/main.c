/* Threads are cancelled in their first call, and while they wait in one: nobody else is held up. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

extern int add(int x, int y);
extern void nap(void);

static void *first_call(void *unused)
{
    add(1, 1);
    return unused;
}

static void *long_call(void *unused)
{
    nap();
    return unused;
}

int main(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, first_call, NULL);
    usleep(2000);
    pthread_cancel(thread);
    pthread_join(thread, NULL);
    printf("%d\n", add(40, 2));
    for (int i = 0; i < 20; i++) {
        pthread_create(&thread, NULL, long_call, NULL);
        usleep(5000);
        pthread_cancel(thread);
        pthread_join(thread, NULL);
    }
    for (int i = 0; i < 20; i++) {
        pthread_create(&thread, NULL, first_call, NULL);
        pthread_join(thread, NULL);
    }
    printf("%d\n", add(40, 2));
    return 0;
}
