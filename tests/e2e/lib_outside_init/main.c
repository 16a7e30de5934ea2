#include <stdio.h>

extern int run(void);

int main(void)
{
    printf("%d\n", run());
    return 0;
}
