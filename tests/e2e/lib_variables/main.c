#include <pthread.h>
#include <stdio.h>

extern int run(void);
extern int again(void);

static void *in_a_thread(void *unused)
{
    printf("%d\n", again());
    return unused;
}

int main(void)
{
    pthread_t thread;

    printf("%d\n", run());
    printf("%d\n", again());
    pthread_create(&thread, NULL, in_a_thread, NULL);
    pthread_join(thread, NULL);
    return 0;
}
