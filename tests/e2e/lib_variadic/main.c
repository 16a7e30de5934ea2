#include <stdio.h>

extern int run(char *own);

int main(void)
{
    char own[] = "own";

    printf("%d\n", run(own));
    printf("%s\n", own);
    return 0;
}
