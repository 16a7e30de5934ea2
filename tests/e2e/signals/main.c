/* The program's signals interrupt no call, and coil leaves its handlers alone. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

extern int slow(int ms);
extern int handlers(void);

static volatile sig_atomic_t alarms;

static void on_alarm(int number)
{
    (void)number;
    alarms++;
}

int main(void)
{
    struct sigaction action, seen;
    struct itimerval timer = {{0, 1000}, {0, 1000}}, off = {{0, 0}, {0, 0}};
    int wrong = 0;

    memset(&action, 0, sizeof(action));
    action.sa_handler = on_alarm; /* without SA_RESTART */
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    for (int i = 0; i < 20; i++)
        wrong += slow(10) != 10;
    setitimer(ITIMER_REAL, &off, NULL);
    printf("%d wrong, %s\n", wrong, alarms > 20 ? "alarms came" : "no alarms");
    for (int number = 1; number < 32; number++) {
        sigaction(number, NULL, &seen);
        if (seen.sa_handler != SIG_DFL && number != SIGALRM && number != SIGSEGV && number != SIGBUS && number != SIGFPE)
            printf("signal %d has a handler\n", number);
    }
    return 0;
}
