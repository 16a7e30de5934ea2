/* Many short threads: fds, mappings and memory of the program stay what they were. */
#include <dirent.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern int add(int x, int y);

static void *thread_main(void *unused)
{
    return add(40, 2) == 42 && unused ? NULL : (void *)1;
}

static int count(const char *path)
{
    FILE *file = fopen(path, "r");
    int lines = 0, c;

    while ((c = getc(file)) != EOF)
        lines += c == '\n';
    fclose(file);
    return lines;
}

static int open_fds(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int number = 0;

    while (readdir(folder))
        number++;
    closedir(folder);
    return number;
}

static int many(int rounds)
{
    int wrong = 0;

    for (int round = 0; round < rounds; round++) {
        pthread_t threads[3];

        for (int i = 0; i < 3; i++)
            pthread_create(&threads[i], NULL, thread_main, threads);
        for (int i = 0; i < 3; i++) {
            void *result;

            pthread_join(threads[i], &result);
            wrong += result != NULL;
        }
    }
    return wrong;
}

int main(void)
{
    int fds, maps, wrong;
    size_t used;

    mallopt(M_ARENA_MAX, 1);
    wrong = many(150);
    fds = open_fds();
    maps = count("/proc/self/maps");
    used = mallinfo2().uordblks;
    wrong += many(500 * atoi(getenv("COIL_TEST_SCALE")));
    printf("%d wrong\n", wrong);
    printf("%s\n", open_fds() <= fds ? "fds as before" : "more fds");
    printf("%s\n", count("/proc/self/maps") <= maps + 8 ? "mappings as before" : "more mappings");
    if (mallinfo2().uordblks > used + 300000)
        printf("%zu bytes more\n", mallinfo2().uordblks - used);
    return 0;
}
