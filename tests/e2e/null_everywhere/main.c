/* Every pointer may be NULL, in every place, in both directions. */
#include <stdio.h>
#include <string.h>
#include "api.h"

int main(void)
{
    int v[2] = { 1, 2 }, o = 3;
    const char *words[] = { "w", NULL };
    char text[] = "text";
    struct s s, all;

    memset(&s, 0, sizeof s);
    s.n = -5; /* a length of nothing is no length */
    all = (struct s){ &s, text, v, 2, &o, words, &all, { &s, "b" } };
    printf("%d %d\n", arguments(NULL, NULL, NULL, 1 << 30, NULL, NULL, NULL),
           arguments(&s, "", v, 2, &o, words, v));
    printf("%d %d\n", fields(&s), fields(&all));
    printf("%d %d\n", by_value(s), by_value(all));
    printf("%d %d %d\n", nothing(NULL) == NULL, nothing(&s) == NULL, nothing(&all) == NULL);
    printf("%d %d %d\n", empty(v, 0), empty(NULL, 0), empty(NULL, 2));
    printf("%d %d", clear(&all), clear(&s));
    printf(" %d %d %d %d %d %d %d %d\n", all.next == NULL, all.text == NULL, all.v == NULL, all.o == NULL, all.words == NULL,
           all.user == NULL, all.pair.a == NULL, all.pair.b == NULL);
    printf("%s %d %d\n", text, v[0], all.n);
    return 0;
}
