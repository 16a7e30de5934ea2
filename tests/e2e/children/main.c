/*
 * Other programs started by vfork() and exec, posix_spawn(), system() and popen(), in the middle of calls of another
 * thread: none of coil's fds reaches them, and the program's only child is the one it has made.
 */
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern int add(int x, int y), slow(int ms);
extern char **environ;

static atomic_int stop, wrong;

static void *caller(void *unused)
{
    for (int i = 0; !stop; i++)
        wrong += add(i, 1) != i + 1 || slow(1) != 1;
    return unused;
}

/* Fails if there is an fd above 2 but that with which the folder is read. */
static char *const look[] = { "sh", "-c", "for f in /proc/self/fd/*; do [ ${f##*/} -gt 3 ] && [ -e $f ] && exit 9; done; exit 5",
                              NULL };

static int status_of(pid_t pid)
{
    int status = -1;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int by_vfork(void)
{
    pid_t pid = vfork();

    if (pid == 0) {
        execv("/bin/sh", look);
        _exit(99);
    }
    return status_of(pid);
}

static int by_spawn(void)
{
    pid_t pid = -1;

    return posix_spawn(&pid, "/bin/sh", NULL, NULL, look, environ) ? -1 : status_of(pid);
}

static int by_popen(void)
{
    FILE *pipe = popen(look[2], "r");
    int status = pclose(pipe);

    return WEXITSTATUS(status);
}

int main(void)
{
    int seen[4] = { 0 };
    pthread_t thread;

    printf("%d\n", add(40, 2));
    pthread_create(&thread, NULL, caller, NULL);
    for (int i = 0; i < 10; i++) {
        seen[0] += by_vfork();
        seen[1] += by_spawn();
        seen[2] += WEXITSTATUS(system(look[2]));
        seen[3] += by_popen();
    }
    stop = 1;
    pthread_join(thread, NULL);
    printf("%d %d %d %d, %d wrong\n", seen[0], seen[1], seen[2], seen[3], wrong);
    printf("%s\n", waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? "no other children" : "children that are not ours");
    return 0;
}
