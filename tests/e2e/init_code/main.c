#include <stdio.h>

extern int calls(void);

int main(void)
{
    for (int i = 0; i < 5; i++)
        printf("%d\n", calls());
    return 0;
}
