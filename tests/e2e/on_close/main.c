/* session.on_close(): HOW the program ends, FILE for what is told then. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern int watch(const char *path), slow(void), fd_count(void);

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    if (strcmp(argv[1], "slow") == 0)
        return slow() == 1 ? 0 : 1;
    if (strcmp(argv[1], "count") == 0) {
        printf("%d\n", fd_count());
        return 0;
    }
    printf("%d\n", watch(argv[2]));
    fflush(stdout);
    if (strcmp(argv[1], "kill") == 0)
        raise(SIGKILL);
    if (strcmp(argv[1], "_exit") == 0)
        _exit(0);
    if (strcmp(argv[1], "exec") == 0)
        execl("/bin/true", "true", (char *)NULL);
    return 0;
}
