#include <stdio.h>

int add(int x, int y);

int main(void)
{
    printf("%d\n", add(40, 2));
    return 0;
}
