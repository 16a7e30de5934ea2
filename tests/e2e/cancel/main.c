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
    pthread_cancel(pthread_self()); /* acted upon as soon as the call has to wait */
    nap();
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t thread;

    pthread_create(&thread, NULL, first_call, NULL);
    usleep(2000);
    pthread_cancel(thread);
    pthread_join(thread, NULL);
    printf("%d\n", add(40, 2));
    for (int i = 0; i < 20; i++) {
        pthread_create(&thread, NULL, long_call, NULL);
        pthread_join(thread, NULL);
        usleep(60000);
    }
    for (int i = 0; i < 20; i++) {
        pthread_create(&thread, NULL, first_call, NULL);
        pthread_join(thread, NULL);
    }
    printf("%d\n", add(40, 2));
    fflush(stdout);
    if (argc > 1 && argv[1])
        getchar();
    return 0;
}
