/* Programs that become daemons before or after their first call, by daemon(3) or by forking twice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern int add(int x, int y);

/* As daemons of old do it: fds closed, two forks. */
static void twice(void)
{
    if (fork() > 0)
        _exit(0);
    setsid();
    if (fork() > 0)
        _exit(0);
    for (int fd = 0; fd < 64; fd++)
        close(fd);
}

int main(int argc, char **argv)
{
    FILE *out;
    int r = 0;

    if (argc != 4)
        return 2;
    if (strcmp(argv[2], "after") == 0)
        r = add(40, 2);
    if (strcmp(argv[1], "daemon") == 0)
        r += daemon(0, 0);
    else
        twice();
    r = 100 * r;
    for (int i = 0; i < 100; i++)
        r += add(i, 1) == i + 1;
    out = fopen(argv[3], "w");
    fprintf(out, "%d\n", r);
    fclose(out);
    return 0;
}
