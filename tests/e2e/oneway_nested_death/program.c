/*
 * The worker dies while C code runs that Python has called, with one-way calls of that code queued; a call of another
 * thread finds out first, and leaves the module to whoever calls next.  That must not be the code inside the lost call:
 * what it called then would be carried out before what is queued.
 */
#include <coil.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

extern int around(int (*inner)(void)), watch(void (*ready)(void)), add(int x, int y), notes(void), python_pid(void);
extern void slow(int ms), note(int x);

static volatile int is_ready;
static pthread_t watcher;
static int worker;

static void ready(void)
{
    is_ready = 1;
}

static void *watching(void *argument)
{
    (void)argument;
    printf("watch: %d\n", watch(ready));
    return NULL;
}

static int inner(void)
{
    int flushed;

    slow(60000);
    note(1);
    note(2);
    while (!is_ready)
        nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
    kill(worker, SIGKILL);
    pthread_join(watcher, NULL);
    printf("inside: %d\n", add(1, 2));
    printf("not started: %d\n", coil_last_error(NULL) == COIL_E_NOT_STARTED);
    note(4);
    flushed = coil_flush();
    printf("flushed: %d, died: %d\n", flushed, coil_last_error(NULL) == COIL_E_DIED);
    printf("inside, then: %d\n", add(1, 2));
    note(5);
    return 0;
}

int main(void)
{
    worker = python_pid();
    pthread_create(&watcher, NULL, watching, NULL);
    printf("around: %d\n", around(inner));
    printf("behind: %d\n", add(1, 2));
    printf("noted: %d\n", notes());
    printf("flushed: %d\n", coil_flush());
    note(6);
    printf("flushed: %d\n", coil_flush());
    printf("noted: %d\n", notes());
    return 0;
}
