#include <stdio.h>

extern int add(int x, int y);
extern int other(int x);
extern void nothing(void);

int main(void)
{
    printf("%d\n", add(40, 2));
    printf("%d\n", other(1));
    nothing();
    return 0;
}
