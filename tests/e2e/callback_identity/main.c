#include <stdio.h>

typedef int (*f_t)(int);
extern int keep(f_t f);
extern f_t give(void);
extern f_t same(f_t f);
extern int are_same(f_t x, f_t y);
extern f_t mine(void);
extern int is_mine(f_t f);
extern int is_in_set(f_t f);
extern int own(int x);
extern int is_own(f_t f);

static int one(int x)
{
    return x + 1;
}

static int other(int x)
{
    return x - 1;
}

int main(void)
{
    f_t f;

    printf("%d\n", keep(one));
    printf("%d\n", give() == one);
    printf("%d %d %d\n", same(one) == one, same(other) == other, same(NULL) == NULL);
    printf("%d %d %d\n", are_same(one, one), are_same(one, other), are_same(NULL, NULL));
    printf("%d %d\n", is_in_set(one), is_in_set(other));
    f = mine();
    printf("%d %d %d %d\n", f == mine(), f(21), is_mine(f), is_mine(one));
    printf("%d\n", same(f) == f);
    printf("%d %d %d\n", is_own(own), is_own(one), same(own) == own);
    printf("%d\n", same(own)(1));
    return 0;
}
