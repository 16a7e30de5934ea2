#include <stdio.h>

struct point { int x; double y; };
extern void keep(struct point p);
extern double total(void);

int main(void)
{
    for (int i = 0; i < 1000; i++) {
        struct point p = {i, 0.5};

        keep(p);
    }
    printf("%g\n", total());
    return 0;
}
