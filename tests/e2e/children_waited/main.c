/*
 * A program that waits for whatever child ends, or ignores SIGCHLD: the daemon is started without its noticing, and
 * its own children are its own.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern int add(int x, int y);

static volatile sig_atomic_t signals;
static atomic_int others, stop;

static void on_child(int number)
{
    (void)number;
    signals++;
}

static void *waiter(void *unused)
{
    while (!stop) {
        if (waitpid(-1, NULL, WNOHANG) > 0)
            others++;
        usleep(50);
    }
    return unused;
}

int main(int argc, char **argv)
{
    int ignore = argc > 1 && strcmp(argv[1], "ignore") == 0;
    pthread_t thread;
    pid_t child;
    int status = 0;

    signal(SIGCHLD, ignore ? SIG_IGN : on_child);
    pthread_create(&thread, NULL, waiter, NULL);
    printf("%d\n", add(40, 2));
    usleep(100000);
    stop = 1;
    pthread_join(thread, NULL);
    printf("%d signals, %d children\n", signals, others);
    child = fork();
    if (child == 0)
        _exit(5);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    printf("%d, %d signals\n", ignore ? 5 : WEXITSTATUS(status), ignore ? 1 : signals);
    return 0;
}
