#include <stdio.h>

extern void python_says(int n);

int main(void)
{
    for (int i = 0; i < 300; i++) {
        printf("C %d\n", i);
        python_says(i);
        printf("C again, no newline %d; ", i);
    }
    printf("\n");
    return 0;
}
