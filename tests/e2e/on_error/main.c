#include <stdio.h>

extern int fail(void);

int main(void)
{
    printf("%d\n", fail());
    return 0;
}
