#include <stdio.h>

extern int answer(int x);

int main(void)
{
    printf("%d\n", answer(41));
    return 0;
}
