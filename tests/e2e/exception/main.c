#include <stdint.h>
#include <stdio.h>

struct point { int x, y; };
extern int divide(int x, int y);
extern int with_error(int x);
extern struct point struct_error(int x);
extern void nothing(int x);
extern int leave(int x);
extern int deep(int x);
extern const void *pointer_error(void);

int main(void)
{
    struct point p;

    printf("%d\n", divide(1, 0));
    printf("%d\n", divide(6, 2));
    printf("%d\n", with_error(7));
    p = struct_error(0);
    printf("%d %d\n", p.x, p.y);
    p = struct_error(1);
    printf("%d %d\n", p.x, p.y);
    nothing(9);
    printf("%d\n", leave(3));
    printf("%d\n", deep(3));
    printf("%d\n", (int)(intptr_t)pointer_error());
    printf("%d\n", divide(8, 2));
    return 0;
}
