#include <stdio.h>

extern int run(int *own, int n);

int main(void)
{
    int own[2] = { 1, 2 };

    printf("%d\n", run(own, 2));
    return 0;
}
