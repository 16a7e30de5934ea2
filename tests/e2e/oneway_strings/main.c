/* What the pointers of one-way calls lead to is theirs from the call on; large or small, the order stays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern void text(const char *a, const char *b), bytes(const unsigned char *data, size_t n);
extern void numbers(int n, const double *v, const char *name), address(void *p);
extern int done(void);

int main(void)
{
    static const size_t sizes[] = { 0, 1, 39, 40, 1000, 4000, 4060, 4070, 4080, 5000, 100000, 3000000 };
    char name[32];
    double v[2000];
    unsigned char *data = malloc(3000000);
    char *large = malloc(3000001);

    strcpy(name, "first");
    text(name, NULL);
    strcpy(name, "second");
    text(NULL, name);
    text("", name);
    memset(name, 'z', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    printf("done: %d\n", done());

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        memset(data, (int)i, sizes[i]);
        bytes(data, sizes[i]);
        memset(large, 'a', sizes[i]);
        large[sizes[i]] = '\0';
        text("before", large);
        text(large, large);
        memset(large, 'b', 20);
    }
    bytes(NULL, 0);
    printf("done: %d\n", done());

    for (int i = 0; i < 2000; i++)
        v[i] = i;
    numbers(0, v, "nothing");
    numbers(1, v, "one");
    numbers(200, v, NULL);
    numbers(1000, v, "large");
    address((void *)0x1234);
    printf("done: %d\n", done());
    free(data);
    free(large);
    return 0;
}
