#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern int length(const char *text);
extern int upper(char *text);
extern int both(const char *a, char *b, const char *c);
extern size_t big(const char *text);
extern size_t big_inout(char *text);
extern int shorten(char *text);

int main(void)
{
    char text[] = "hello, w\xc3\xb6rld", pair[] = "..";
    int count;
    size_t size = 1 << 20;
    char *large = malloc(size + 1);

    printf("%d\n", length("abc"));
    printf("%d\n", length(""));
    printf("%d\n", length(NULL));
    printf("%d\n", length("caf\xc3\xa9\n\t\x01"));
    count = upper(text);
    printf("%d %s\n", count, text);
    printf("%d\n", upper(NULL));
    count = both("AAA", pair, "BBB");
    printf("%d %s\n", count, pair);
    memset(large, 'm', size);
    large[size] = '\0';
    for (int round = 0; round < 10; round++)
        if (big(large) != size)
            printf("big: wrong\n");
    printf("%zu\n", big_inout(large));
    printf("%c%c%c%c %zu\n", large[0], large[size / 2 - 1], large[size / 2], large[size - 1], strlen(large));
    free(large);
    shorten(text);
    /* The bytes behind the new end are the program's as they were. */
    printf("%s %s\n", text, text + 3);
    return 0;
}
