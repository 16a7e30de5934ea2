/* Calls once for each line, and says its result and in which worker. */
#include <stdio.h>

extern int answer(int x);
extern int worker(void);

int main(int argc, char **argv)
{
    char line[16];

    (void)argv;
    do {
        int result = answer(1);

        printf("%d in %d\n", result, worker());
        fflush(stdout);
    } while (argc > 1 && fgets(line, sizeof line, stdin));
    return 0;
}
