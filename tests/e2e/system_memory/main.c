/*
 * Programs of several users, each with commands of its own: what one was given it prints, what it is told of another's
 * it tries to use.  Without arguments: the neighbour, which calls for as long as its standard input is open.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int (*step_t)(int);
struct node { int value; struct node *next; const char *name; };
struct counter { int count; const char *name; };

extern int add(int x, int y);
extern struct node *make(const char *name);
extern int value_of(struct node *n);
extern struct counter *shared_counter(void);
extern int shared_count(void);
extern struct node *give_back(int which);
extern void *ticket(int n);
extern int redeem(void *ticket);
extern step_t stepper(int by);
extern int call_step(step_t f, int x);

static int is_over(void)
{
    struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

    return poll(&input, 1, 0) > 0;
}

static int neighbour(void)
{
    int calls = 0, wrong = 0;

    do {
        wrong += add(calls, 2) != calls + 2;
        calls++;
        usleep(100);
    } while (!is_over());
    printf("%s, %d wrong\n", calls > 0 ? "called" : "not called", wrong);
    return 0;
}

/* What belongs to this program: addresses for the other one, then waits for its end. */
static int owner(void)
{
    struct node *n = make("the owner's secret");
    struct counter *c = shared_counter();
    step_t step = stepper(5);
    void *t = ticket(42);
    char line[16];

    printf("%p %p %p %p\n", (void *)n, (void *)c, t, (void *)(size_t)step);
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin))
        return 1;
    printf("%d %s %d %d\n", n->value, n->name, value_of(n), redeem(t));
    printf("%d %d\n", step(1), call_step(step, 2));
    printf("%d %s %d\n", c->count, c->name, shared_count());
    return 0;
}

static int thief(char **argv)
{
    struct node *n = (struct node *)strtoul(argv[0], NULL, 16);
    struct counter *c = (struct counter *)strtoul(argv[1], NULL, 16), *own = shared_counter();
    void *t = (void *)strtoul(argv[2], NULL, 16);
    step_t step = (step_t)strtoul(argv[3], NULL, 16);
    const char *bytes = (const char *)n;
    int other = 0;

    /* The same addresses are there, with nothing that was not given to this program. */
    for (int i = 0; i < 4096; i++)
        other |= bytes[i];
    printf("%d\n", other);
    printf("%d\n", value_of(n));
    printf("%d\n", give_back(0) == NULL);
    printf("%d\n", redeem(t));
    printf("%d\n", call_step(step, 2));

    /* What the init code has made is everybody's; what is written there is the writer's own. */
    printf("%d %d %s\n", own == c, own->count, own->name);
    own->count = 9;
    own->name = "gone";
    printf("%d %d %s\n", shared_count(), own->count, own->name);
    own = shared_counter();
    printf("%d %s\n", own->count, own->name);

    /* Of an object of its own, Python sees the numbers that are written, and no pointer. */
    n = make("mine");
    n->value = 77;
    n->name = "my own memory";
    printf("%d\n", value_of(n));
    return 0;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 1)
        return neighbour();
    return argc == 2 ? owner() : thief(argv + 1);
}
