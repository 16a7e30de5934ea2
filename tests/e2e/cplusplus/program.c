#include <stdio.h>

enum color { RED, GREEN = 5 };
struct point { int x; double y; short weights[3]; };
#ifdef __cplusplus
extern "C" {
#endif
struct point move(struct point p, enum color c);
int look(const struct point *p, const char *text, int values[4]);
unsigned char small(signed char a, long double b);
#ifdef __cplusplus
}
#endif

int main(void)
{
    struct point p = {1, 2.5, {1, 2, 3}};
    int values[4] = {1, 2, 3, 4};

    p = move(p, GREEN);
    printf("%d %g %d\n", p.x, p.y, p.weights[2]);
    printf("%d %d\n", look(&p, "four", values), small(1, 2.0L));
    return 0;
}
