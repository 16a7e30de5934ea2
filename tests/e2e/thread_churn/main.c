/* More threads than a session has channels, a few at a time: what a thread had is given back when it ends. */
#include <dirent.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

extern int add(int x, int y);
extern int threads_alive(void);

static void *run(void *argument)
{
    int number = (int)(intptr_t)argument;

    return (void *)(intptr_t)(add(number, 1) != number + 1);
}

static int open_fds(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

int main(void)
{
    int wrong = 0, before, rounds = 400 * atoi(getenv("COIL_TEST_SCALE"));
    int alive;

    add(1, 2);
    before = open_fds();
    for (int round = 0; round < rounds; round++) {
        pthread_t threads[4];

        for (int i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, run, (void *)(intptr_t)(round + i));
        for (int i = 0; i < 4; i++) {
            void *result;

            pthread_join(threads[i], &result);
            wrong += result != NULL;
        }
    }
    printf("%d wrong\n", wrong);
    printf("fds %s\n", open_fds() == before ? "as before" : "leaked");
    alive = threads_alive();
    for (int i = 0; i < 500 && alive >= 100; i++) {
        nanosleep(&(struct timespec){0, 10000000}, NULL);
        alive = threads_alive();
    }
    printf("threads %s\n", alive < 100 ? "gone" : "left");
    return 0;
}
