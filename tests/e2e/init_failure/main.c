#include <stdio.h>

extern int add(int x, int y);
extern double half(double x);

int main(void)
{
    printf("%d\n", add(40, 2));
    fflush(stdout);
    fprintf(stderr, "-- first call done\n");
    printf("%d\n", add(40, 2));
    printf("%g\n", half(3));
    return 0;
}
