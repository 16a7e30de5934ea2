/* Threads with small stacks: coil needs little of the caller's, also when it connects. */
#include <pthread.h>
#include <stdio.h>

extern int add(int x, int y);
extern int length(const char *text);

static void *run(void *argument)
{
    (void)argument;
    printf("%d %d\n", add(40, 2), length("text"));
    return NULL;
}

int main(void)
{
    pthread_attr_t attributes;
    pthread_t thread;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 96 * 1024);
    pthread_create(&thread, &attributes, run, NULL);
    pthread_join(thread, NULL);
    return 0;
}
