/* A handler forks; its child prints, and comes back from the handler or ends: the rings stay the parent's. */
#include <stdio.h>

extern int add(int x, int y);
extern int forks(int how);

int main(void)
{
    for (int how = 0; how < 2; how++) {
        printf("%d\n", forks(how));
        for (int i = 0; i < 200; i++)
            if (add(i, 1) != i + 1)
                printf("wrong at %d\n", i);
    }
    printf("%d\n", add(40, 2));
    return 0;
}
