/*
 * All signals are blocked in the program, so those that come stay to be seen: none does, whatever happens: the daemon is
 * started, the worker dies, nobody reads what Python prints.  And what is blocked here is not blocked in the daemon.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern int add(int x, int y), chatter(int n), die(void), python_is_clean(void);

static void look(const char *when)
{
    sigset_t pending;

    sigpending(&pending);
    for (int number = 1; number < NSIG; number++)
        if (sigismember(&pending, number) == 1)
            fprintf(stderr, "%s: signal %d is pending\n", when, number);
    if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
        fprintf(stderr, "%s: a child\n", when);
}

int main(void)
{
    const char *mode = getenv("COIL_MODE");
    int remote = mode && strcmp(mode, "daemon") == 0, fds[2];
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    fprintf(stderr, "%d\n", add(40, 2));
    look("the first call");
    fprintf(stderr, "%d\n", remote ? python_is_clean() : 1);
    if (pipe(fds) < 0 || dup2(fds[1], 1) < 0)
        return 2;
    close(fds[0]);
    close(fds[1]);
    fprintf(stderr, "%d\n", chatter(3000));
    look("a broken pipe");
    fprintf(stderr, "%d\n", remote ? die() : -7);
    look("a worker's death");
    fprintf(stderr, "%d\n", add(40, 2));
    look("another call");
    return 0;
}
