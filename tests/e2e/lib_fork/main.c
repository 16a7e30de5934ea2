#include <stdio.h>
#include <unistd.h>

extern int is_child;
extern int outer(int x);
extern int inner(int x);

int main(void)
{
    int r = outer(1);

    if (is_child) { /* the call was the parent's; another one is the child's own */
        printf("child: %d %d\n", r, inner(1));
        fflush(stdout);
        _exit(7);
    }
    printf("parent: %d %d\n", r, inner(2));
    return 0;
}
