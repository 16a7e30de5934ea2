/* closefrom(3) in the middle of the program's life, also while threads are in calls: they return, and later calls work. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

extern int add(int x, int y), slow(int ms);

static void *in_call(void *unused)
{
    int r = slow(500);

    return r == 500 || r == -1 ? unused : NULL;
}

int main(void)
{
    int wrong = 0;

    wrong += add(1, 2) != 3;
    for (int round = 0; round < 3; round++) {
        struct timespec begin, end;
        pthread_t threads[3];
        void *result;

        for (int i = 0; i < 3; i++)
            pthread_create(&threads[i], NULL, in_call, threads);
        usleep(100000);
        clock_gettime(CLOCK_MONOTONIC, &begin);
        syscall(SYS_close_range, 3u, ~0u, 0u);
        if (round == 1) /* and their numbers are somebody else's now */
            for (int i = 0; i < 5; i++)
                (void)!open("/dev/null", O_RDONLY);
        wrong += add(round, 2) != round + 2;
        for (int i = 0; i < 3; i++) {
            pthread_join(threads[i], &result);
            wrong += !result;
        }
        clock_gettime(CLOCK_MONOTONIC, &end);
        wrong += end.tv_sec - begin.tv_sec > 20;
        for (int i = 0; i < 100; i++)
            wrong += add(i, 2) != i + 2;
    }
    printf("%d wrong\n", wrong);
    return 0;
}
