/* What Python works on is made, moved and freed by C while Python looks at it. */
#include <stdio.h>
#include <stdlib.h>

struct node {
    int value;
    struct node *next;
};

struct stack {
    int *items;
    int count, room;
    struct node *list;
};

int work(struct stack *s);
struct node *middle(struct stack *s);

int main(void)
{
    struct stack s = { NULL, 0, 0, NULL };
    int count = 0;

    printf("%d\n", work(&s));
    printf("%d %d\n", middle(&s) == s.list->next->next, s.items[0]);
    while (s.list) {
        struct node *node = s.list;

        s.list = node->next;
        free(node);
        count++;
    }
    free(s.items);
    printf("%d\n", count);
    return 0;
}
