/* The worker dies in C code that it has asked for: calls made in there fail, and so does the one around it; later ones work. */
#include <stdio.h>

extern int outer(int x);
extern int inner(int x);
extern int again(int x);

int main(void)
{
    printf("%d\n", again(3));
    printf("%d\n", outer(1));
    printf("%d %d\n", inner(4), again(5));
    return 0;
}
