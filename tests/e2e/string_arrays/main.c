/* Arrays of strings: up to NULL, counted, in structs; read, written, put into another order. */
#include <stdio.h>
#include <string.h>

struct names {
    int n;
    const char **list;
    const char *fixed[3];
};

int count(const char *const *words);
int join(const char *const *words, int n, char *to, size_t size);
int upper(char **words);
int sort(const char **words, int n);
int drop(const char **words, int at);
int longest(const struct names *s);
int swap(struct names *s);
const char *pick(const char *const *words, int at);

int main(int argc, char **argv)
{
    const char *words[] = { "pear", "apple", "fig", "apple", NULL };
    const char *holes[] = { "a", NULL, "c" };
    char one[] = "one", two[] = "two", text[100];
    char *both[] = { one, two, one, NULL };
    const char *list[] = { "alpha", "beta" };
    struct names s = { 2, list, { "x", "y", "longest of all" } };

    (void)argc;
    printf("argv: %d\n", count((const char *const *)argv));
    printf("count: %d %d %d\n", count(words), count(words + 4), count(NULL));
    printf("%d", join(holes, 3, text, sizeof text));
    printf(" %s\n", text);
    printf("upper: %d", upper(both));
    printf(" %s %s\n", one, two);
    printf("sort: %d", sort(words, 4));
    printf(" %s %s %s %s\n", words[0], words[1], words[2], words[3]);
    printf("drop: %d", drop(words, 1));
    printf(" %s %s %s %d\n", words[0], words[1], words[2], words[3] == NULL);
    printf("longest: %d\n", longest(&s));
    printf("swap: %d", swap(&s));
    printf(" %s %s %s %d\n", list[0], s.fixed[0], s.fixed[1], s.fixed[2] == NULL);
    printf("pick: %d %d\n", pick(words, 1) == words[1], pick(words, 3) == NULL);
    return 0;
}
