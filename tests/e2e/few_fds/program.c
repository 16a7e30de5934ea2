/*
 * Too few fds: calls fail with a reason, nothing leaks, and the first call after the limit has been raised works.
 * Later the limit may be what it wants, and a worker's death is noticed all the same.
 */
#include <coil.h>
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

extern int add(int x, int y), slow(int ms);

static int highest(void)
{
    DIR *folder = opendir("/proc/self/fd");
    struct dirent *entry;
    int high = 0;

    while ((entry = readdir(folder)) != NULL)
        if (atoi(entry->d_name) > high && atoi(entry->d_name) != dirfd(folder))
            high = atoi(entry->d_name);
    closedir(folder);
    return high;
}

static void *thread_main(void *unused)
{
    return add(20, 22) == 42 ? unused : NULL;
}

static void *killer(void *pid)
{
    usleep(100000);
    kill((pid_t)(long)pid, SIGKILL);
    return NULL;
}

static int limit(rlim_t files)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = files;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
    int before = highest(), failed = 0, silent = 0, other = 0, others;
    const char *text = "";
    pthread_t thread;
    void *result;

    for (int more = 0; more < 16; more++) {
        limit((rlim_t)(before + 1 + more));
        if (add(40, 2) == 42)
            break;
        failed++;
        others = coil_last_error(&text) == COIL_OK || !*text;
        silent += others;
        other += coil_last_error(NULL) != COIL_E_MEMORY && coil_last_error(NULL) != COIL_E_NO_DAEMON;
        limit(256);
        if (highest() != before) {
            printf("%d more: fds are left: %d, not %d\n", more, highest(), before);
            before = highest();
        }
    }
    limit(256);
    printf("%s, %d silent, %d other\n", failed > 0 && failed < 16 ? "failed" : "did not fail", silent, other);
    printf("%d\n", add(40, 2));
    if (argc < 2)
        return 0;
    limit(0); /* as sandboxes do */
    printf("%d\n", add(1, 2));
    pthread_create(&thread, NULL, thread_main, argv);
    pthread_join(thread, &result);
    printf("a thread: %s\n", result ? "works" : "fails");
    pthread_create(&thread, NULL, killer, (void *)(long)slow(-1));
    printf("%d", slow(20000));
    printf(" %d\n", coil_last_error(NULL) == COIL_E_DIED);
    pthread_join(thread, NULL);
    printf("%d", add(40, 2));
    printf(" %d\n", coil_last_error(NULL) != COIL_OK);
    limit(256);
    printf("%d", add(40, 2));
    printf(" %d\n", coil_last_error(NULL) == COIL_OK);
    return 0;
}
