/* A pointer to memory that only Python's process has never reaches the program: it is an exception that says what to do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct item { char *name; struct item *next; void *user; };
struct box { int id; struct item *item; };
extern const char *text(int kind);
extern void *opaque(int kind);
extern struct item *items(int kind);
extern struct box box(int kind);
extern void store(struct item *item, int kind);
extern void *same(void *p);
extern struct item *typed(void *p);
extern int *numbers(int n);

static const char *name_of(const struct item *item)
{
    return item && item->name ? item->name : "(nothing)";
}

int main(void)
{
    struct item item = { 0 }, *mine;
    static char here[64];
    char *there = malloc(64);
    struct box b;

    printf("%s %d %d\n", text(0), text(1) == NULL, text(2) == NULL);
    printf("%d %d %d %d\n", strcmp(opaque(0), "shared"), opaque(1) == NULL, opaque(2) != NULL, opaque(3) == (void *)42);
    /* The program's own pointers come back as they went. */
    printf("%d %d %d\n", same(here + 1) == here + 1, same(there) == there, same(&item) == &item);
    printf("%d %d\n", typed(&item) == &item, typed(there) == (void *)there);
    for (int kind = 0; kind < 4; kind++)
        printf("%s\n", name_of(items(kind)));
    for (int kind = 0; kind < 3; kind++) {
        b = box(kind);
        printf("%d %s\n", b.id, name_of(b.item));
    }
    for (int kind = 0; kind < 4; kind++) {
        memset(&item, 0, sizeof item);
        store(&item, kind);
        printf("%s %s\n", name_of(&item), item.next ? name_of(item.next) : "-");
    }
    /* In an object of Python's own, there is nobody who could put back what was there. */
    mine = items(0);
    store(mine, 1);
    printf("%s %s\n", name_of(mine), name_of(mine->next));
    store(mine, 3);
    printf("%s %s\n", name_of(mine), name_of(mine->next));
    printf("%d %d\n", numbers(10)[9], numbers(4) == NULL);
    free(there);
    return 0;
}
