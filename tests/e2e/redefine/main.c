#include <stdio.h>

extern int add(int x, int y);
extern int again(int x);
extern int named(void);

int main(void)
{
    printf("%d\n", add(6, 2));
    again(1);
    printf("%d\n", add(6, 2));
    printf("%d\n", add(6, 0));
    again(0);
    printf("%d\n", add(6, 0));
    printf("%d\n", named());
    return 0;
}
