#include <stdio.h>

struct visitor {
    int (*visit)(struct visitor *self, int value);
    int total;
    const char *name;
};
struct ops {
    int (*add)(int, int);
    int (*sub)(int, int);
    double (*half)(double);
};
extern int use(struct visitor *v, int n);
extern void fill(struct ops *ops);
extern int borrow(const struct ops *ops);
extern struct ops by_value(struct ops ops);
extern struct ops *make(void);
extern void replace(struct visitor *v);

static int visit(struct visitor *self, int value)
{
    self->total += value;
    return self->total * 2;
}

static int own_add(int x, int y)
{
    printf("C adds %d %d\n", x, y);
    return x + y;
}

int main(void)
{
    struct visitor visitor = { visit, 5, "visitor" };
    struct ops ops = { 0 }, swapped;

    printf("%d", use(&visitor, 3));
    printf(" %d %d\n", visitor.total, visitor.visit == visit);
    fill(&ops);
    printf("%d %d %.2f\n", ops.add(1, 2), ops.sub(1, 2), ops.half(5));
    ops.add = own_add;
    ops.sub = NULL;
    printf("%d %d\n", borrow(&ops), ops.add == own_add);
    swapped = by_value(ops);
    printf("%d %d %.1f\n", swapped.add == NULL, swapped.sub == own_add, swapped.half(3));
    printf("%d %d\n", make()->add(5, 6), make()->sub(5, 6));
    printf("%d\n", make()->add == make()->add);
    replace(&visitor);
    printf("%d", visitor.visit(&visitor, 2));
    printf(" %d\n", visitor.total);
    return 0;
}
