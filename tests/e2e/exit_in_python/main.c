/*
 * The program ends while its threads are in Python: HOW it ends, and WHAT they do there: compute, rest, hold the GIL in
 * C; or Python's own threads.  What atexit() was told is run, and the status is the program's.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern int add(int x, int y), compute(void), rest(void), hold(void), start_thread(void);

static const char *what;

static void at_exit(void)
{
    printf("at exit %d\n", strcmp(what, "hold") == 0 ? 42 : add(40, 2));
    fflush(stdout);
}

static void *in_python(void *unused)
{
    if (strcmp(what, "compute") == 0)
        compute();
    else if (strcmp(what, "rest") == 0)
        rest();
    else
        for (;;)
            hold();
    return unused;
}

static void *ends_it(void *unused)
{
    usleep(50000);
    exit(3);
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t thread;

    if (argc != 3)
        return 2;
    what = argv[2];
    add(1, 2);
    if (strcmp(what, "threads") == 0)
        start_thread();
    else
        for (int i = 0; i < 3; i++)
            pthread_create(&thread, NULL, in_python, NULL);
    usleep(30000);
    if (strcmp(argv[1], "_exit") == 0)
        _exit(3);
    atexit(at_exit);
    if (strcmp(argv[1], "exit") == 0)
        exit(3);
    if (strcmp(argv[1], "pthread_exit") == 0) {
        pthread_create(&thread, NULL, ends_it, NULL);
        pthread_exit(NULL);
    }
    return 3;
}
