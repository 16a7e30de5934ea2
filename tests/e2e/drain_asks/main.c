/* A handler asks the program for a while, and so does a thread of Python's; meanwhile the daemon is told to stop. */
#include <stdio.h>
#include <stdlib.h>

extern int watch(int ms);
extern int add(int x, int y);

int main(int argc, char **argv)
{
    char line[16];

    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%d\n", watch(argc > 1 ? atoi(argv[1]) : 0));
    if (argc > 2 && !fgets(line, sizeof line, stdin))
        return 1;
    printf("%d\n", add(40, 2));
    return 0;
}
