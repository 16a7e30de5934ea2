#include <ctype.h>
#include <stdio.h>

typedef int (*log_t)(int level, const char *text);
typedef double (*mean_t)(const double *v, int n);
typedef void (*upper_t)(char *text);
typedef int (*fill_t)(int *v, int cap);
struct node {
    int value;
    struct node *next;
};
typedef int (*walk_t)(struct node *list);

extern int call_all(log_t log, mean_t mean, upper_t upper, fill_t fill, walk_t walk);
extern log_t logger(void);
extern mean_t meaner(void);
extern upper_t upperer(void);
extern fill_t filler(void);
extern walk_t walker(void);

static int log_it(int level, const char *text)
{
    printf("C logs %d %s\n", level, text ? text : "nothing");
    return level;
}

static double mean(const double *v, int n)
{
    double sum = 0;

    for (int i = 0; i < n; i++)
        sum += v[i];
    return sum / n;
}

static void upper(char *text)
{
    for (; *text; text++)
        *text = (char)toupper((unsigned char)*text);
}

static int fill(int *v, int cap)
{
    for (int i = 0; i < cap; i++)
        v[i] = -i;
    return cap - 1;
}

static int walk(struct node *list)
{
    int n = 0;

    for (; list; list = list->next, n++)
        list->value += 100;
    return n;
}

int main(void)
{
    struct node last = { 3, NULL }, middle = { 2, &last }, first = { 1, &middle };
    double v[] = { 1.5, 2.5, 5 };
    char text[] = "words";
    int out[3] = { 9, 9, 9 };

    printf("%d\n", call_all(log_it, mean, upper, fill, walk));
    printf("%d %d\n", logger()(1, "from C"), logger()(5, NULL));
    printf("%.2f\n", meaner()(v, 3));
    upperer()(text);
    printf("%s\n", text);
    printf("%d", filler()(out, 3));
    printf(" %d %d %d\n", out[0], out[1], out[2]);
    printf("%d", walker()(&first));
    printf(" %d %d %d\n", first.value, middle.value, last.value);
    return 0;
}
