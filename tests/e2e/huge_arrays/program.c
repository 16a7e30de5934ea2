/* More than the memory shared with Python holds is an error value; nothing of it is read. */
#include <coil.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

extern int look(const char *a, char *b, const int *c, long long n);
extern int first(const char *a, long long n);

static char memory[16] = {1, 2, 3};
static int numbers[4];

static void try(long long n)
{
    const char *text;
    int result = look(memory, memory + 8, numbers, n);
    int error = coil_last_error(&text);

    printf("%d %d %d\n", result, error == COIL_E_MEMORY, strstr(text, "bytes") != NULL);
}

int main(void)
{
    static const long long sizes[] = {5LL << 30, 1LL << 40, LLONG_MAX / 2, LLONG_MAX - 8, LLONG_MAX};

    printf("%d\n", look(memory, memory + 8, numbers, 8));
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++)
        try(sizes[i]);
    printf("%d\n", first(memory, 3));
    return 0;
}
