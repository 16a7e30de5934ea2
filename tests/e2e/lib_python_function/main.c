#include <stdio.h>

extern int add(int x, int y);
extern int (*adder(void))(int, int);
extern int check(int (*f)(int, int));
extern int run(void);

static int other(int x, int y)
{
    return x * y;
}

int main(void)
{
    int (*f)(int, int) = adder();

    printf("%d %d\n", f == add, f(5, 6));
    printf("%d %d\n", check(add), check(other));
    printf("%d\n", run());
    return 0;
}
