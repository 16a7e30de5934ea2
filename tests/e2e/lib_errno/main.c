#include <errno.h>
#include <stdio.h>

extern int run(void);

int main(void)
{
    int r;

    errno = 12;
    r = run();
    r += errno;
    printf("%d\n", r);
    return 0;
}
