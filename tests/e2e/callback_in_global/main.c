#include <stdio.h>

typedef int (*hook_t)(int);
struct config {
    hook_t on_start;
    int flags;
};
extern hook_t hook, table[3];
extern struct config config;
extern int set(int by);
extern int use(int x);
extern int clear(void);

static int own(int x)
{
    printf("own %d\n", x);
    return -x;
}

int main(void)
{
    printf("%d\n", set(7));
    printf("%d %d %d\n", hook(1), table[0](2), table[2](2));
    printf("%d %d\n", config.on_start(5), config.flags);
    printf("%d\n", use(100));
    hook = own;
    table[1] = own;
    printf("%d\n", use(3));
    printf("%d %d\n", clear(), hook == NULL);
    return 0;
}
