#include <stdio.h>

extern int add(int x, int y);

int main(void)
{
    printf("%d\n", add(40, 2));
    printf("%d\n", add(1, 2));
    return 0;
}
