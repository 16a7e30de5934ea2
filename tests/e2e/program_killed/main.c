#include <stdio.h>
#include <stdlib.h>

extern int slow(int ms);
extern int add(int x, int y);

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 1)
        printf("%d\n", slow(atoi(argv[1])));
    else
        printf("%d\n", add(40, 2));
    return 0;
}
