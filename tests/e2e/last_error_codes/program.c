/* What coil_last_error() says of each kind of failure. */
#include <coil.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

extern int fail(void), missing(void), die(void), add(int x, int y), take(const int *v, int n), failing(void);

struct node {
    const struct node *next;
    int value;
};
extern int sum(const struct node *first);

static void show(const char *name, int result)
{
    const char *text = NULL;
    int status = coil_last_error(&text);

    printf("%s: %d, %d: %s\n", name, result, status, text);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    const struct node lost = { (const struct node *)16, 1 };
    int numbers[2] = { 1, 2 };

    if (strcmp(what, "add") == 0) {
        show("add", add(40, 2));
    } else if (strcmp(what, "memory") == 0) {
        struct rlimit limit = { (rlim_t)1 << 30, RLIM_INFINITY };

        setrlimit(RLIMIT_AS, &limit);
        show("memory", add(40, 2));
        limit.rlim_cur = RLIM_INFINITY;
        setrlimit(RLIMIT_AS, &limit);
        show("ok", add(40, 2));
    } else {
        show("ok", add(40, 2));
        show("exception", fail());
        show("not attached", missing());
        show("init", failing());
        show("init again", failing());
        show("length", take(numbers, -1));
        show("pointer", sum(&lost));
        show("ok", take(numbers, 2));
        show("died", die());
        show("ok", add(40, 2));
    }
    return 0;
}
