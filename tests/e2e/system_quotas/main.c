#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int add(int x, int y);

#define THREADS_MAX 64

static atomic_int right, done;
static atomic_bool end;

/* One call, and then it holds what it has. */
static void *hold(void *unused)
{
    (void)unused;
    right += add(40, 2) == 42;
    done++;
    while (!end)
        usleep(1000);
    return NULL;
}

static void *flood(void *unused)
{
    (void)unused;
    while (!end)
        right += add(40, 2) == 42;
    return NULL;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    int count = argc > 2 ? atoi(argv[2]) : 1;
    pthread_t threads[THREADS_MAX];
    char byte;

    if (strcmp(what, "call") == 0) {
        for (int i = 0; i < count; i++)
            right += add(i, 2) == i + 2;
        printf("%d\n", right);
        return 0;
    }
    if (!*what) {
        printf("%d\n", add(40, 2));
        return 0;
    }
    for (int i = 0; i < count; i++)
        (void)pthread_create(&threads[i], NULL, strcmp(what, "hold") == 0 ? hold : flood, NULL);
    while (strcmp(what, "hold") == 0 && done < count)
        usleep(1000);
    printf("%d\n", right);
    fflush(stdout);
    (void)!read(STDIN_FILENO, &byte, 1);
    end = true;
    for (int i = 0; i < count; i++)
        (void)pthread_join(threads[i], NULL);
    return 0;
}
