#include <stdio.h>

typedef int (*int_fn)(int);
extern int run(void);
extern int_fn which(int i);
extern int_fn chosen;
extern int inc(int x);

int main(void)
{
    printf("%d\n", run());
    printf("%d %d\n", chosen == inc, chosen(9));
    printf("%d %d\n", which(1) == inc, which(0) == NULL);
    return 0;
}
