#include <stdio.h>
#include <string.h>

#include "api.h"

int main(void)
{
    struct node *list;
    struct record *record, value;
    int *numbers;
    char **texts;
    void *memory;

    printf("%s\n", greet("you"));
    printf("%s\n", label(3));
    printf("%d %d\n", make_point(3, -4)->x, make_point(3, -4)->y);
    list = make_list(3);
    for (struct node *n = list; n; n = n->next)
        printf("%d %s\n", n->value, n->name);
    list->next->value = 100; /* Python's own object */
    strcpy(list->next->name, "mine");
    record = make_record(5);
    printf("%d %.1f %.1f %s %d %d\n", record->n, record->values[2], record->values[3], record->tag, record->corner->x,
           record->corner->y);
    numbers = count_up(1000);
    printf("%d %d\n", numbers[0], numbers[999]);
    printf("%.1f\n", halves(100)[99]);
    printf("%d\n", make_number(42)->i);
    memory = raw(100000);
    printf("%s\n", (char *)memory);
    memset(memory, 'x', 100000);
    texts = words(3);
    printf("%s %s %s\n", texts[0], texts[1], texts[2]);
    printf("%d\n", none() == NULL);
    value = by_value(9);
    printf("%d %s %d\n", value.n, value.tag, value.corner->y);
    printf("%d %s\n", list->next->value, list->next->name);
    return 0;
}
