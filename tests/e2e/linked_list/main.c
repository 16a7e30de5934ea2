/* Lists: read, changed, reversed, with cycles and shared tails, and long ones. */
#include <stdio.h>
#include <stdlib.h>

struct node {
    int value;
    struct node *next;
    const char *name;
};

long sum(struct node *list);
struct node *reverse(struct node *list);
int cut_cycle(struct node *list);
int same_tail(struct node *a, struct node *b);
void double_all(struct node *list);
struct node *find(struct node *list, const char *name);
int names(const struct node *list, char *to, size_t size);
int splice(struct node *a, struct node *b);

static void print(const struct node *list)
{
    for (; list; list = list->next)
        printf(" %d%s", list->value, list->name ? list->name : "");
    puts("");
}

int main(void)
{
    struct node c = { 3, NULL, "c" }, b = { 2, &c, NULL }, a = { 1, &b, "a" };
    struct node y = { 20, &b, "y" }, x = { 10, &y, "x" };
    struct node q = { 8, NULL, "q" }, p = { 7, &q, "p" };
    char text[100];
    int count = 10000;
    struct node *many = malloc((size_t)count * sizeof *many), *list;

    printf("sum: %ld %ld\n", sum(&a), sum(NULL));
    printf("same tail: %d\n", same_tail(&a, &x));
    double_all(&a);
    print(&x);
    printf("names: %d", names(&a, text, sizeof text));
    printf(" %s\n", text);
    printf("found: %d %d %d\n", find(&a, "c") == &c, find(&x, "a") == NULL, find(&c, "c") == &c);

    list = reverse(&a);
    printf("reversed: %d", list == &c);
    print(list);
    print(&x);
    list = reverse(list);
    printf("and back: %d", list == &a);
    print(list);

    c.next = &a;
    printf("cycle: %d", cut_cycle(&b));
    print(&b);
    a.next = &a;
    printf("of one: %d", cut_cycle(&a));
    print(&a);

    a.next = &b;
    b.next = NULL;
    printf("splice: %d", splice(&a, &p));
    print(&a);

    for (int i = 0; i < count; i++)
        many[i] = (struct node){ i, i + 1 < count ? &many[i + 1] : NULL, i % 2 ? "odd" : NULL };
    printf("many: %ld\n", sum(many));
    double_all(many);
    printf("doubled: %ld %d\n", sum(many), many[count - 1].value);
    list = reverse(many);
    printf("reversed: %d %d %d\n", list == &many[count - 1], many[0].next == NULL, many[5000].next == &many[4999]);
    free(many);
    return 0;
}
