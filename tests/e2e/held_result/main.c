/* What a function returned last is there until the same thread calls it again, although Python keeps it nowhere. */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

struct link { struct link *next; int value; };
extern char *text(int n);
extern char *other(int n);
extern struct link *push(struct link *list, int value);
extern int alive(void);
extern int reused(const char *p);

static void *thread_main(void *argument)
{
    printf("thread: %s\n", text(100));
    return argument;
}

int main(void)
{
    struct link *list;
    pthread_t thread;
    char *first, *second;

    first = text(1);
    printf("%s, alive %d\n", first, alive());
    printf("reused %d\n", reused(first));
    second = other(2);
    printf("%s, %s, alive %d\n", second, first, alive());
    /* Another thread's calls are its own; what they returned ends with it. */
    pthread_create(&thread, NULL, thread_main, NULL);
    pthread_join(thread, NULL);
    printf("%s, reused %d\n", first, reused(first));
    first = text(3);
    for (int i = 0; i < 200 && alive() > 2; i++) /* Python learns of the thread's end, and nobody waits for that */
        nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
    printf("%s, alive %d\n", first, alive());
    /* The last result as an argument of the next call. */
    list = push(NULL, 1);
    printf("%d\n", list->value);
    list = push(list, 2);
    printf("%d\n", list->value);
    printf("alive %d\n", alive() <= 4);
    for (int i = 0; i < 1000; i++)
        (void)text(i);
    printf("alive %d\n", alive() <= 4);
    return 0;
}
