#include <stdio.h>

extern int plain(int x);
extern int python(int x);

int main(void)
{
    printf("%d\n", plain(1));
    printf("%d\n", plain(2));
    printf("%d\n", python(21));
    printf("%d\n", python(22));
    return 0;
}
