/* After fork, parent and child call on, each through a session of its own. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

extern int add(int x, int y);
extern int length(const char *text);

int main(void)
{
    printf("%d\n", add(40, 2));
    fflush(stdout);
    for (int round = 0; round < 5; round++) {
        int status, wrong = 0;
        pid_t child = fork();

        if (child == 0) {
            for (int i = 0; i < 200; i++)
                wrong += add(i, round) != i + round || length("child") != 5;
            _exit(wrong ? 1 : 0);
        }
        for (int i = 0; i < 200; i++)
            wrong += add(i, -round) != i - round || length("the parent") != 10;
        waitpid(child, &status, 0);
        printf("parent: %d wrong, child: status %d\n", wrong, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
        fflush(stdout);
    }
    return 0;
}
