#include <stdint.h>
#include <stdio.h>

struct point { int x, y; };
extern int text(void);
extern signed char large(int x);
extern unsigned int negative(void);
extern void something(void);
extern double real(void);
extern struct point fields(void);
extern _Bool truth(int x);
extern char letter(int x);
extern void *address(void);

int main(void)
{
    struct point p;

    printf("%d\n", text());
    printf("%d\n", large(127));
    printf("%d\n", large(128));
    printf("%u\n", negative());
    something();
    printf("%g\n", real());
    p = fields();
    printf("%d %d\n", p.x, p.y);
    printf("%d\n", truth(0));
    printf("%d\n", truth(2));
    printf("%c\n", letter(1));
    printf("%c\n", letter(2));
    printf("%d\n", (int)(intptr_t)address());
    return 0;
}
