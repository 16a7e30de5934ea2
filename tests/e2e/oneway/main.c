/* One-way calls keep their order, among themselves and with ordinary calls. */
#include <errno.h>
#include <stdio.h>

struct pair {
    int a;
    double b;
};

extern void note(int x), say(int x), fail(int x), unattached(int x), errno_of_caller(void);
extern void struct_of_caller(struct pair p);
extern int last(void), in_order(void);

int main(void)
{
    int wrong = 0;

    note(0);
    printf("%d\n", last());
    for (int i = 1; i <= 1000; i++) {
        note(i);
        if (i % 3 == 0)
            wrong += last() != i;
    }
    printf("wrong: %d\n", wrong);
    for (int i = 1001; i <= 20000; i++)
        note(i);
    printf("in order: %d\n", in_order());

    for (int i = 0; i < 3; i++)
        say(i);
    note(1);
    printf("after three lines: %d\n", last());
    fail(1);
    fail(2);
    unattached(3);
    note(2);
    printf("after three failures: %d\n", last());

    errno = 5;
    errno_of_caller();
    struct_of_caller((struct pair){ 1, 2.5 });
    printf("left: %d\n", in_order());
    return 0;
}
