#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int add(int x, int y);
int led_astray(void);
long generation(void);

/* Without an argument: two calls.  With one: says which worker it has, and stays until stdin ends. */
int main(int argc, char **argv)
{
    char end;

    (void)argv;
    if (argc > 1) {
        printf("%ld\n", generation());
        fflush(stdout);
        return (int)read(0, &end, 1);
    }
    printf("%d\n", add(40, 2));
    printf("%d\n", led_astray());
    return 0;
}
