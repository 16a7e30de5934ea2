#include <stdio.h>

struct point { int x, y; };
extern int base(struct point *p);
extern int more(struct point *p);

int main(void)
{
    struct point p = {1, 2};

    printf("%d\n", base(&p));
    printf("%d\n", more(&p));
    printf("%d\n", p.y);
    return 0;
}
