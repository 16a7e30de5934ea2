/* A program forks while its other threads are in Python: sleeping there, computing there, calling again and again. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern int add(int x, int y), slow(int ms), busy(int ms), loads(const char *text);

static atomic_int stop, wrong;
static int is_child;

/* Asked by the leak sanitizer at exit.  What another thread was about to free or to enter somewhere when the process
 * forked is in the child's memory too, and nothing there leads to it: the thread is not.  The parent is looked at.
 */
int __lsan_is_turned_off(void)
{
    return is_child;
}

static void *sleeper(void *unused)
{
    while (!stop)
        wrong += slow(30) != 30;
    return unused;
}

static void *computer(void *unused)
{
    while (!stop)
        wrong += busy(30) != 30;
    return unused;
}

static void *caller(void *unused)
{
    for (int i = 0; !stop; i++)
        wrong += add(i, 1) != i + 1 || loads("[1, 2, 3]") != 3;
    return unused;
}

static int in_child(int round)
{
    int bad = 0;

    alarm(15);
    for (int i = 0; i < 20; i++)
        bad += add(i, round) != i + round || loads("[1, {\"two\": 3}]") != 2;
    if (round % 3 == 1) { /* threads of its own */
        pthread_t thread;

        stop = 1;
        wrong = 0;
        pthread_create(&thread, NULL, sleeper, NULL);
        pthread_join(thread, NULL);
        bad += wrong;
    }
    return bad ? 1 : 0;
}

int main(void)
{
    void *(*const mains[])(void *) = { sleeper, computer, caller, caller };
    int bad = 0, rounds = 12 * atoi(getenv("COIL_TEST_SCALE"));
    pthread_t threads[4];

    printf("%d\n", add(40, 2));
    fflush(stdout);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, mains[i], NULL);
    for (int round = 0; round < rounds; round++) {
        int status;
        pid_t child;

        usleep(7000);
        child = fork();
        if (child == 0) {
            int status;

            is_child = 1;
            status = in_child(round);
            if (round % 2)
                exit(status); /* with all that ends a program */
            _exit(status);
        }
        bad += add(round, round) != 2 * round;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
            printf("round %d: status %x\n", round, status);
            bad++;
        }
    }
    stop = 1;
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    printf("parent %d wrong, children %d wrong\n", wrong, bad);
    return 0;
}
