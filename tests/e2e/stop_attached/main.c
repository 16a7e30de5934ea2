#include <stdio.h>

extern int add(int x, int y);

int main(void)
{
    char line[16];

    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%d\n", add(40, 2));
    while (fgets(line, sizeof(line), stdin))
        printf("%d\n", add(1, 2));
    return 0;
}
