#include <stdio.h>

extern int run(int count);

int main(void)
{
    printf("main: %d\n", run(6));
    printf("main: %d\n", run(1));
    return 0;
}
