#include <stdio.h>

extern int add(int x, int y);
extern int inits(void);

int main(void)
{
    printf("%d %d\n", add(40, 2), inits());
    return 0;
}
