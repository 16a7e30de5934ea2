/* coil makes no thread in the program, not for callbacks either, until Python wants something outside of calls. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern int ask(int x), from_thread(int x), use(int (*f)(int), int x);

static int threads(void)
{
    DIR *folder = opendir("/proc/self/task");
    int count = 0;

    while (readdir(folder))
        count++;
    closedir(folder);
    return count - 2;
}

static int twice(int x)
{
    return 2 * x;
}

static void show(int result, int expected_more)
{
    /* One that Python has joined takes a moment to end. */
    for (int i = 0; i < 200 && threads() > 1 + expected_more; i++)
        usleep(10000);
    printf("%d, %d\n", result, threads() - expected_more);
}

int main(void)
{
    const char *mode = getenv("COIL_MODE");
    int one_more = mode && strcmp(mode, "daemon") == 0;

    show(ask(41), 0);
    show(use(twice, 21), 0);
    show(from_thread(41), one_more);
    show(from_thread(41), one_more);
    return 0;
}
