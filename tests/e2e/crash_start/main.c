/* Adds, as often as it is told. */
#include <stdio.h>
#include <stdlib.h>

extern int add(int x, int y);

int main(int argc, char **argv)
{
    for (int i = 0; i < (argc > 1 ? atoi(argv[1]) : 1); i++)
        printf("%d\n", add(40, 2));
    return 0;
}
