#include <stdio.h>

extern int count(void);

int main(void)
{
    printf("%d\n", count());
    return 0;
}
