#include <stdio.h>

extern void work(void);

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    work();
    return 0;
}
