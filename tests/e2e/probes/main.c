#include <stdio.h>

int add(int x, int y);

int main(int argc, char **argv)
{
    (void)argv;
    printf("%d\n", add(40, 2));
    fflush(stdout);
    if (argc > 1) {
        (void)getchar();
        printf("%d\n", add(40, 2));
    }
    return 0;
}
