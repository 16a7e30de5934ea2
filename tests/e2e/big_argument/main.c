/* A quarter of a gigabyte in one argument, there, back, and both. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

long sum(const unsigned char *data, size_t n);
int mark(unsigned char *data, size_t n);
int fill(unsigned char *data, size_t n, int value);
int both(const unsigned char *from, unsigned char *to, size_t n);

int main(void)
{
    size_t n = ((size_t)256 << 20) + 12345, differences = 0;
    unsigned char *data = calloc(1, n), *other = malloc(n);

    data[0] = 1;
    data[n / 2] = 2;
    data[n - 1] = 3;
    printf("%ld\n", sum(data, n));
    printf("%d", mark(data, n));
    for (size_t i = 0; i < n; i++)
        differences += data[i] == 100;
    printf(" %zu %d %d\n", differences, data[n / 2], data[n - 1]);
    printf("%d", fill(other, n, 77));
    printf(" %d %d %d\n", other[0], other[n / 2], other[n - 1]);
    printf("%d", both(data, other, n));
    printf(" %d\n", memcmp(data, other, n) == 0);
    return 0;
}
