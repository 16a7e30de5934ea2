/* Does what it is told until it is killed; "seen": what Python has noticed of the others. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern int add(int x, int y), work(const int *v, int n), call_back(void), keep_session(void);
extern int keep_memory(int *v, int n), seen(void);
extern void append(int x);

static int numbers[200000];

static void ready(void)
{
    printf("ready\n");
    fflush(stdout);
}

static void *caller(void *unused)
{
    for (;;)
        work(numbers, 200000);
    return unused;
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    pthread_t thread;

    if (strcmp(how, "attach") != 0)
        add(1, 2);
    if (strcmp(how, "seen") == 0) {
        printf("%d\n", seen());
        return 0;
    }
    if (strcmp(how, "call") == 0) {
        for (int i = 0; i < 3; i++)
            pthread_create(&thread, NULL, caller, NULL);
        usleep(20000);
        ready();
        caller(NULL);
    } else if (strcmp(how, "callback") == 0) {
        call_back();
    } else if (strcmp(how, "session") == 0) {
        keep_session();
        ready();
    } else if (strcmp(how, "memory") == 0) {
        void *(*alloc)(size_t) = (void *(*)(size_t))dlsym(RTLD_DEFAULT, "coil_alloc");
        int *v = alloc(1 << 20);

        v[(1 << 18) - 1] = 5;
        if (keep_memory(v, 1 << 18) == 5)
            ready();
    } else if (strcmp(how, "oneway") == 0) {
        for (int i = 0; i < 200; i++)
            append(i);
        ready();
    } else {
        for (int i = 0;; i++)
            add(i, 1);
    }
    for (;;)
        pause();
}
