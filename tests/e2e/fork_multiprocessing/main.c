/* multiprocessing and subprocess inside a handler. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

extern double pool(const char *method), sub(void);
extern int add(int x, int y);

static atomic_int stop, wrong;

static void *caller(void *unused)
{
    for (int i = 0; !stop; i++)
        wrong += add(i, 1) != i + 1;
    return unused;
}

int main(void)
{
    pthread_t thread;

    printf("%g\n", pool("fork"));
    printf("%g\n", pool("spawn"));
    printf("%g\n", pool("forkserver"));
    printf("%g\n", sub());
    pthread_create(&thread, NULL, caller, NULL);
    printf("%g %g\n", pool("fork"), sub());
    stop = 1;
    pthread_join(thread, NULL);
    printf("%d wrong\n", wrong);
    return 0;
}
