/* Forks with one-way calls queued: they are the parent's, and each is carried out once; the child's own are the child's. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern void append(const char *path, int x);
extern int add(int x, int y);

static int queue(const char *path, int count)
{
    for (int i = 0; i < count; i++)
        append(path, i);
    return 0;
}

int main(int argc, char **argv)
{
    int status, bad = 0;

    if (argc != 3)
        return 2;
    add(1, 1);
    for (int how = 0; how < 3; how++) {
        pid_t child;

        queue(argv[1], 100);
        child = fork();
        if (child == 0 && how == 0)
            exit(0); /* does not wait for, nor repeat, what is its parent's */
        if (child == 0 && how == 1)
            exit(queue(argv[2], 50) + (add(1, 2) != 3));
        if (child == 0) {
            execl("/bin/true", "true", (char *)NULL);
            _exit(1);
        }
        bad += waitpid(child, &status, 0) != child || status != 0;
    }
    printf("%d bad\n", bad);
    return 0;
}
