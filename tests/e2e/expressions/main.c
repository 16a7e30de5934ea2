/* Lengths that are expressions: over parameters, fields, integers behind pointers, constants and sizes. */
#include <stdio.h>

struct item {
    int key;
    double weight;
};
struct grid {
    short w, h;
    int *cells;
    const int *edge;
};
extern int odd(const int *v, int n);
extern int constants(const int *v);
extern int records(void *v, unsigned char n);
extern int mixed(const signed char *v, int a, unsigned int b, long c);
extern int behind(const int *v, const short *n, int *m);
extern int fill(struct grid *grid);
extern int shrinks(int *v, int *n);
extern int *table(int n);

int main(void)
{
    int v[16], edge[10], m = 4, *squares;
    struct item items[3] = { { 1, 0.5 }, { 2, 1.5 }, { 4, 2.5 } };
    signed char small[9] = { 1, -2, 3, -4, 5, -6, 7, -8, 9 };
    struct grid grid = { 4, 3, v, edge };
    short n = 3;

    for (int i = 0; i < 16; i++)
        v[i] = 1 << i;
    for (int i = 0; i < 10; i++)
        edge[i] = i;
    printf("%d %d %d\n", odd(v, 0), odd(v, 1), odd(v, 7));
    printf("%d\n", constants(v));
    printf("%d %g %g %g\n", records(items, 2), items[0].weight, items[1].weight, items[2].weight);
    printf("%d %d\n", mixed(small, -1, 2, 9), mixed(small, 3, 4, 7));
    printf("%d", behind(v, &n, &m));
    printf(" %d\n", m);
    printf("%d", fill(&grid));
    for (int i = 0; i < 13; i++)
        printf(" %d", v[i]);
    m = 5;
    printf("\n%d", shrinks(v, &m));
    printf(" %d %d %d %d\n", m, v[0], v[4], v[5]);
    squares = table(4);
    printf("%d %d\n", squares[0], squares[15]);
    return 0;
}
