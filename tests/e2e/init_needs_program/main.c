/* Init code that uses lib runs, once as far as anybody can see, where there is a program whose lib it is. */
#include <stdio.h>
#include <unistd.h>

extern int result(void), twice(int x), mine(void), shared(void);
extern int variable;

int main(void)
{
    if (chdir("/usr") != 0)
        return 1;
    printf("another module: %d\n", shared() > 0);
    fflush(stdout);
    printf("twice: %d\n", twice(4));
    fflush(stdout);
    printf("result: %d, variable: %d\n", result(), variable);
    printf("environment and folder: %d\n", mine());
    printf("another module: %d\n", shared() > 1);
    return 0;
}
