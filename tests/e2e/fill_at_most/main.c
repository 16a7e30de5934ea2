/* Fills at most so many, says how many: the rest of the program's memory stays as it is. */
#include <stdio.h>

struct list {
    int cap;
    int used;
    short *items;
};

int fill(int *v, int cap, int *n, int wanted);
int keep(char *v, int cap, int n);
int collect(struct list *lists, int n);

int main(void)
{
    int v[5] = { -1, -1, -1, -1, -1 }, n = 0;
    char text[] = "abcdef";
    short a[3] = { -1, -1, -1 }, b[3] = { -1, -1, -1 }, c[3] = { -1, -1, -1 };
    struct list lists[3] = { { 3, 0, a }, { 3, 0, b }, { 3, 0, c } };

    printf("%d", fill(v, 5, &n, 3));
    printf(" %d: %d %d %d %d %d\n", n, v[0], v[1], v[2], v[3], v[4]);
    printf("%d", fill(v, 5, &n, 100));
    printf(" %d: %d %d\n", n, v[3], v[4]);
    printf("%d", keep(text, 6, 2));
    printf(" %s\n", text);
    printf("%d", collect(lists, 3));
    printf(" %d %d %d: %d %d %d %d\n", lists[0].used, lists[1].used, lists[2].used, a[0], a[1], b[1], b[2]);
    printf("%d %d %d\n", c[0], c[1], c[2]);
    return 0;
}
