/* The daemon is killed: its worker dies with it, calls end, the next call starts another daemon. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

extern int add(int x, int y);
extern int slow(int ms);
extern int daemon_pid(void);

static void *killer(void *argument)
{
    nanosleep(&(struct timespec){0, 100000000}, NULL);
    kill(*(int *)argument, SIGKILL);
    return NULL;
}

int main(void)
{
    int first = daemon_pid();
    int daemon;
    pthread_t thread;

    kill(first, SIGKILL);
    printf("%d\n", add(40, 2));
    /* The worker runs on for a moment, and would name whoever inherits it, or die in the call. */
    nanosleep(&(struct timespec){0, 500000000}, NULL);
    daemon = daemon_pid();
    if (daemon <= 1 || daemon == first || daemon == getppid()) {
        printf("the daemon is process %d\n", daemon);
        return 1;
    }
    pthread_create(&thread, NULL, killer, &daemon);
    printf("%d\n", slow(20000));
    pthread_join(thread, NULL);
    printf("%d\n", add(1, 2));
    return 0;
}
