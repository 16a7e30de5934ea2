/*
 * A signal every 200 microseconds, with and without SA_RESTART, while everything happens: attaching, waiting, callbacks,
 * one-way calls, flushing, large arguments, a worker's death.  No call notices, and errno is the program's.
 */
#include <coil.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

extern int slow(int ms), ask(int x), noted(void), die(void);
extern long total(const int *v, long n);
extern void note(int x);

static volatile sig_atomic_t alarms;
static int numbers[100000];

static void on_alarm(int number)
{
    (void)number;
    alarms++;
}

int main(int argc, char **argv)
{
    int restart = argc > 1 && strcmp(argv[1], "restart") == 0, remote = argc > 2, wrong = 0;
    struct itimerval timer = { { 0, 200 }, { 0, 200 } }, off = { { 0, 0 }, { 0, 0 } };
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_alarm;
    action.sa_flags = restart ? SA_RESTART : 0;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    for (int i = 0; i < 100000; i++)
        numbers[i] = 1;
    for (int i = 0; i < 10; i++) {
        int *memory;

        errno = EDOM;
        wrong += slow(5) != 5 || errno != EDOM;
        wrong += ask(i) != i + 1;
        wrong += total(numbers, 100000) != 100000;
        for (int k = 0; k < 100; k++)
            note(k);
        wrong += coil_flush() != 0 || noted() < 100 * (i + 1);
        memory = coil_alloc(5000000);
        wrong += memory == NULL || total(memory, 1000) != 0;
        coil_free(memory);
    }
    if (remote) {
        wrong += die() != -7 || coil_last_error(NULL) != COIL_E_DIED;
        wrong += slow(5) != 5;
    }
    setitimer(ITIMER_REAL, &off, NULL);
    printf("%d wrong, %s\n", wrong, alarms > 100 ? "alarms came" : "no alarms");
    sigaction(SIGALRM, NULL, &action);
    printf("%s\n", action.sa_handler == on_alarm ? "the handler is as it was" : "another handler");
    return 0;
}
