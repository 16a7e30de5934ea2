/* COIL_INTERPRETER=private: a Python of the program's own. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern int count(void), python_pid(void), second_pid(void), anywhere(void), closing(const char *path);
extern int variable(const char *name, char *value, int cap), folder(char *value, int cap);
extern void oneway(int x);

int main(int argc, char **argv)
{
    char value[4096];
    int size;

    if (argc > 1 && strcmp(argv[1], "wait") == 0) {
        printf("%d\n", count());
        fflush(stdout);
        (void)!read(0, value, 1);
        printf("%d\n", count());
        return 0;
    }
    if (argc > 2 && strcmp(argv[1], "close") == 0)
        return closing(argv[2]) == 1 ? 0 : 1;
    if (argc > 1 && strcmp(argv[1], "die") == 0) {
        printf("%d\n", count());
        kill(python_pid(), SIGKILL);
        printf("fresh: %d\n", count());
        return 0;
    }
    printf("count: %d %d\n", count(), 0);
    printf("one worker: %d\n", python_pid() == second_pid());
    size = variable("NAME", value, sizeof value);
    printf("NAME: %.*s\n", size, value);
    size = variable("COIL_NO_SUCH", value, sizeof value);
    printf("COIL_NO_SUCH: %.*s\n", size, value);
    size = folder(value, sizeof value);
    printf("folder: %.*s\n", size, value);
    printf("anywhere: %d\n", anywhere());
    oneway(6);
    printf("count: %d\n", count());
    fflush(stdout);
    if (fork() == 0) {
        printf("child: %d\n", count());
        return 0;
    }
    wait(NULL);
    printf("parent: %d\n", count());
    return 0;
}
