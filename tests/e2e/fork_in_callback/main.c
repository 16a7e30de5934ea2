/* C code that Python has called forks: the child ends, calls Python itself, becomes another program. */
#include <stdio.h>

extern int outer(int how), inner(int x);

int main(void)
{
    for (int how = 0; how < 5; how++)
        printf("%d %d\n", outer(how), inner(how));
    return 0;
}
