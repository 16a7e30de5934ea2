/* A stale pointer deep in what is passed is an error that names it, not a crash. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

struct node {
    struct node *next;
    const char *name;
    int *values;
    int n;
};

int sum(const struct node *list);
int count(const char *const *words);
int by_value(struct node node);
int store(struct node *node, long address);

int main(void)
{
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *end = page + 4096;
    int *values = (int *)(void *)(end - 4 * sizeof(int));
    struct node last = { NULL, "last", values, 4 }, first = { &last, "first", NULL, 0 };
    const char *words[] = { "good", strcpy(end - 4, "end"), NULL };

    memset(page, 1, 4092);
    mprotect(end, 4096, PROT_NONE);
    printf("%d %d\n", sum(&first), count(words));
    last.n = 5; /* one too many */
    printf("%d\n", sum(&first));
    last.n = 4;
    last.next = (struct node *)(void *)end;
    printf("%d\n", sum(&first));
    last.next = &first;
    last.name = (const char *)16;
    printf("%d\n", sum(&first));
    last.name = memset(end - 4, 'x', 4); /* runs into what cannot be read */
    printf("%d %d\n", sum(&first), count(words));
    first.next = NULL;
    first.values = (int *)(void *)(end - 2);
    first.n = 1;
    printf("%d\n", by_value(first));
    first = (struct node){ NULL, "first", values, 1 };
    printf("%d", store(&first, 12345));
    printf(" %s %d\n", first.name, first.n);
    first.n = 1;
    printf("%d", store(&first, 0));
    printf(" %d\n", first.name == NULL);
    return 0;
}
