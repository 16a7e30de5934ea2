#include <stdio.h>

extern int start(void);
extern int finish(void);

int main(void)
{
    printf("%d\n", start());
    printf("%d\n", finish());
    return 0;
}
