/* coil_flush(): everything has been carried out; or it says that something is lost. */
#include <coil.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

extern void slow(int ms), say(int x), fail(void);
extern int ask(int x), python_pid(void);

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *other(void *argument)
{
    printf("another thread: %d\n", coil_flush());
    say(7);
    printf("its own: %d\n", coil_flush());
    return argument;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    const char *text;
    double begin;
    int worker, status;

    (void)argv;
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("nothing yet: %d\n", coil_flush());
    say(1);
    printf("once: %d\n", coil_flush());
    printf("twice: %d\n", coil_flush());
    begin = now();
    slow(200);
    say(2);
    status = coil_flush();
    printf("slow: %d, waited %d\n", status, now() - begin >= 0.2);
    fail();
    status = coil_flush();
    printf("a failure is told, not lost: %d %d\n", status, coil_last_error(NULL));

    slow(300);
    pthread_create(&thread, NULL, other, NULL);
    pthread_join(thread, NULL);
    printf("mine: %d\n", coil_flush());
    printf("within a call: %d\n", ask(3));

    if (argc > 1) { /* daemon mode */
        worker = python_pid();
        slow(20000);
        say(4);
        nanosleep(&(struct timespec){ 0, 100000000 }, NULL);
        kill(worker, SIGKILL);
        printf("lost: %d\n", coil_flush());
        status = coil_last_error(&text);
        printf("%d, says which: %d\n", status == COIL_E_DIED, strstr(text, "slow()") != NULL);
        status = coil_flush();
        printf("and then: %d %d\n", status, coil_last_error(NULL));
        say(5);
        printf("at last: %d\n", coil_flush());
    }
    return 0;
}
