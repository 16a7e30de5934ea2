#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

typedef int (*binary_t)(int, int);
extern binary_t adder(int by);
extern void *(*starter(void))(void *);
extern long (*echo(void))(long, char, double, float);
extern double (*by_decorator(void))(double);
extern int (*errno_of(void))(int);

static binary_t kept;

static void *use_it(void *argument)
{
    printf("%d\n", kept(10, *(int *)argument));
    return NULL;
}

int main(void)
{
    binary_t one = adder(1), two;
    int (*swap)(int);
    pthread_t thread;
    void *result;
    int y = 5;

    printf("%d\n", one(2, 3));
    two = adder(2);
    printf("%d %d\n", two(2, 3), one(2, 3));
    kept = two;
    pthread_create(&thread, NULL, use_it, &y);
    pthread_join(thread, NULL);
    pthread_create(&thread, NULL, starter(), (void *)(uintptr_t)41);
    pthread_join(thread, &result);
    printf("%ld\n", (long)(uintptr_t)result);
    printf("%ld\n", echo()(1000000, 'x', 2.5, 0.25f));
    printf("%.2f\n", by_decorator()(7.5));
    swap = errno_of();
    errno = 7;
    printf("%d", swap(9));
    printf(" %d\n", errno);
    return 0;
}
