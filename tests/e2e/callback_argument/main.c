#include <errno.h>
#include <stdio.h>

struct pair {
    long a;
    double b;
};

extern void each(int (*visit)(int, void *), void *context, int n);
extern int apply(int (*f)(int), int x);
extern struct pair twice(struct pair (*combine)(struct pair, char, float, unsigned char *), struct pair start);
extern int null_is_null(int (*f)(int));
extern long double wide(long double (*f)(long double));
extern void nothing(void (*f)(void));

struct sum {
    int total;
    int limit;
};

static int add(int value, void *context)
{
    struct sum *sum = context;

    sum->total += value;
    printf("visited %d\n", value);
    return sum->total > sum->limit;
}

static int square(int x)
{
    return x * x;
}

static int nested(int x)
{
    return x > 0 ? apply(square, x) : -1;
}

static struct pair combine(struct pair x, char c, float f, unsigned char *same)
{
    struct pair r = { x.a * 10 + c, x.b + (double)f };

    *same = (unsigned char)(*same + 1);
    return r;
}

static long double half(long double x)
{
    return x / 2;
}

static void say(void)
{
    printf("said\n");
}

int main(void)
{
    struct sum sum = { 0, 5 };
    struct pair pair = { 1, 0.25 };

    each(add, &sum, 3);
    printf("total %d\n", sum.total);
    each(add, &sum, 10);
    printf("total %d\n", sum.total);
    printf("%d %d %d\n", apply(square, 3), apply(nested, 2), apply(nested, -1));
    pair = twice(combine, pair);
    printf("%ld %.2f\n", pair.a, pair.b);
    printf("%d %d\n", null_is_null(NULL), null_is_null(square));
    printf("%.4Lf\n", wide(half));
    nothing(say);
    return 0;
}
