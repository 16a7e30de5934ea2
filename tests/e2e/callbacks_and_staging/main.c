#include <stdio.h>

struct node { int value; struct node *next; };
extern int values[4];
extern struct node nodes[3];
extern char name[16];
extern int run(int *v, int n, struct node *list, char *name, int *out);

int main(void)
{
    int out[4] = { 1, 1, 1, 1 };

    printf("%d\n", run(values, 4, nodes, name, out));
    printf("%d %d %d %d\n", values[0], values[1], values[2], values[3]);
    printf("%d %d %s %d %d\n", nodes[0].next == NULL, nodes[2].value, name, out[0], out[1]);
    return 0;
}
