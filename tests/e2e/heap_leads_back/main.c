/*
 * What Python makes with ffi.new() and lets lead to what the program has passed, leads to the program's own memory there:
 * behind what it stores, returns, gives to C functions and callbacks, and puts into objects that were there.
 */
#include <stdio.h>

struct node {
    int value;
    struct node *next;
    void *owner;
};

extern struct node *head;
extern int store(struct node *n);
extern int own(struct node *n);
extern struct node *wrap(struct node *n);
extern int ring(struct node *n, int times);
extern int hand_over(struct node *n);
extern int twice(struct node *n);
extern int into(struct node *python, struct node *n);
extern int into_latest(struct node *n);
extern int variable(struct node *n);
extern int each(struct node *n, int (*visit)(const struct node *n));

static struct node a, b;

static void reset(void)
{
    a = (struct node){ 10, NULL, NULL };
    b = (struct node){ 20, NULL, NULL };
}

static int visit(const struct node *n)
{
    return n->value == 6 && n->next->value == 7 && n->next->next == &a && n->next->owner == &a;
}

int main(void)
{
    struct node *n;
    int count = 0;

    reset();
    printf("%d", store(&a));
    printf(" %d %d %d\n", a.next->value, a.next->next == &a, a.next->owner == &a);

    reset();
    printf("%d", own(&a));
    printf(" %d %d\n", a.next == &a, a.owner == &a);

    reset();
    n = wrap(&a);
    printf("%d %d %d\n", n->value, n->next == &a, n->owner == &a);

    reset();
    printf("%d", ring(&a, 5000));
    for (n = a.next; n != &a && count < 100000; n = n->next)
        count += n->next == n->owner;
    printf(" %d\n", count);

    reset();
    printf("%d", hand_over(&a));
    printf(" %d\n", a.value);
    printf("%d", twice(&a));
    printf(" %d %d\n", a.next->next == &a, a.value);

    reset();
    n = wrap(NULL);
    printf("%d", into(n, &b));
    printf(" %d\n", n->next == &b);
    head = n;
    head->next = NULL;
    printf("%d", into_latest(&a));
    printf(" %d\n", head->next == &a);
    printf("%d", variable(&b));
    printf(" %d %d %d\n", head == n, head->next == &b, head->owner == &b);

    printf("%d\n", each(&a, visit));
    return 0;
}
