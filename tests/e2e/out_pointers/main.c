/* Pointers that Python stores where the program has room for them. */
#include <stdio.h>
#include <string.h>

#include "api.h"

int main(void)
{
    char *text, *other, buffer[16] = "own";
    struct point *where, own = { 7, 8 };
    struct found found, list = { buffer, &own, NULL };

    for (int id = 2; id >= -1; id -= 3) {
        int r = describe(id, &text, &where);

        printf("%d %s %d\n", r, text ? text : "-", where ? where->y : 0);
    }
    memset(&found, 0, sizeof found);
    printf("%d\n", lookup("abc", &found));
    printf("%s %d %d %s %d\n", found.name, found.where->x, found.where->y, found.next->name, found.next->next == NULL);
    found.where->x = 12; /* Python's own */
    append(&list, "second");
    append(&list, "third");
    for (struct found *f = &list; f; f = f->next)
        printf("%s %d\n", f->name, f->where->x);
    printf("%d\n", list.name == buffer && list.where == &own);
    /* Its own pointers come back as its own, Python's as Python's. */
    describe(5, &other, &where);
    text = buffer;
    printf("%d\n", swap(&text, &other));
    printf("%s %s %d\n", text, other, other == buffer);
    other = NULL;
    printf("%d %s\n", swap(&other, &text), text ? text : "-");
    return 0;
}
