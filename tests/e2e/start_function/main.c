#include <stdio.h>

extern int start(void);
extern int python(int x);

int main(void)
{
    printf("%d\n", start());
    printf("%d\n", start());
    printf("%d\n", python(5));
    return 0;
}
