#include <stdio.h>
#include <stdlib.h>

extern int run(int status);

static void at_exit(void)
{
    printf("exit handlers run\n");
}

int main(void)
{
    atexit(at_exit);
    run(3);
    printf("never here\n");
    return 0;
}
