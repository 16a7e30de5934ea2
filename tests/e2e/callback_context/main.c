#include <stdio.h>

extern void setup(int n);
extern int total(void);
extern int sum_of(int (*next)(void *state), void *state);
extern int fire(int what);

struct range {
    int from, to;
};

static int next(void *state)
{
    struct range *range = state;

    return range->from < range->to ? range->from++ : 0;
}

int main(void)
{
    struct range range = { 1, 101 };

    setup(2);
    printf("%d\n", fire(10));
    printf("%d\n", total());
    printf("%d %d\n", sum_of(next, &range), range.from);
    return 0;
}
