#include <stdio.h>

struct point { int x, y; };
extern int base(struct point *p);
extern int derived(struct point *p);

int main(void)
{
    struct point p = {1, 2};

    printf("%d\n", base(&p));
    fflush(stdout);
    printf("%d\n", derived(&p));
    printf("%d\n", p.x);
    return 0;
}
