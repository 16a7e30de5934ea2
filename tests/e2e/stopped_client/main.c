/* "print": calls a handler that prints much.  Otherwise one small call. */
#include <stdio.h>
#include <string.h>

extern int add(int x, int y);
extern void lines(int n);

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "print") == 0)
        lines(20000);
    printf("%d\n", add(40, 2));
    return 0;
}
