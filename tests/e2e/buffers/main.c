#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"

static void print_doubles(const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        printf(" %g", v[i]);
    printf("\n");
}

static void print_ints(const int *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        printf(" %d", v[i]);
    printf("\n");
}

static void counted(void)
{
    static const double readings[] = {1, 2, 3, 6};
    double v[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    int ints[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    size_t len = 99;
    int n = 7, result;

    printf("mean %g %g %g\n", mean(readings, 4), mean(readings + 2, 2), mean_inferred(readings, 4));
    printf("nothing %g %g %g\n", mean(readings, 0), mean(NULL, 0), mean(NULL, 5));
    result = scale(v, 4, 2);
    printf("scale %d", result);
    print_doubles(v, 8);
    printf("scale %d %d\n", scale(NULL, 3, 2), scale(v, 0, 2));

    result = fill(v, 8, &len);
    printf("fill %d %zu", result, len);
    print_doubles(v, 8);
    result = fill(v, 2, &len);
    printf("fill %d %zu", result, len);
    print_doubles(v, 8);
    result = fill(NULL, 0, &len);
    printf("fill %d %zu\n", result, len);

    result = even(ints, &n);
    printf("even %d %d", result, n);
    print_ints(ints, 8);
}

static void shaped(void)
{
    unsigned char pixels[2 * 3 * CHANNELS + 1];
    double a[6] = {1, 2, 3, 4, 5, 6}, b[7] = {0, 0, 0, 0, 0, 0, -1};
    struct point points[2] = {{0x01020304, 2}, {3, 4}}, box[2] = {{5, 6}, {7, 1}}, low = {-1, -1};
    struct reading readings[3] = {{"one", 1}, {"two", 2}, {"three", 3}};
    char from[5] = "abcd", to[6] = "12345";
    int result;

    for (unsigned i = 0; i < sizeof pixels; i++)
        pixels[i] = (unsigned char)i;
    result = invert(pixels, 2, 3);
    printf("invert %d %d %d %d\n", result, pixels[0], pixels[17], pixels[18]);
    result = transpose(a, b, 2, 3);
    printf("transpose %d", result);
    print_doubles(b, 7);
    result = reverse_bytes(points, 1);
    printf("bytes %d %#x %d %d\n", result, (unsigned)points[0].y, points[0].x, points[1].x);
    result = copy_bytes(from, to, 4);
    printf("copy %d %s\n", result, to);
    result = rename_all(readings, 2);
    printf("records %d %s %s %s %g %g\n", result, readings[0].name, readings[1].name, readings[2].name, readings[0].value,
           readings[1].value);
    result = corner(&low, box);
    printf("corner %d %d %d\n", result, low.x, low.y);
}

static void overlapping(void)
{
    int v[6] = {1, 2, 3, 4, 5, 6}, w[3] = {7, 8, 9};
    int result;

    result = shift(v, v, 6);
    printf("same %d", result);
    print_ints(v, 6);
    result = shift(v, v + 2, 4); /* each element is written before it is read again */
    printf("overlapping %d", result);
    print_ints(v, 6);
    result = shift(v + 1, v, 5);
    printf("overlapping %d", result);
    print_ints(v, 6);
    shift(v, w, 3);
    print_ints(w, 3);
    printf("none %d\n", shift(NULL, NULL, 0));
}

static void single(void)
{
    int q = -1, r = -1, value = 41, result;
    char name[12] = "...........";
    char text[] = "lower case";
    const signed char bytes[] = {-1, -2, -3, -4};

    result = divide(17, 5, &q, &r);
    printf("divide %d %d %d\n", result, q, r);
    result = divide(17, 5, NULL, &r);
    printf("divide %d %d\n", result, r);
    result = bump(&value);
    printf("bump %d %d %d\n", result, value, bump(NULL));
    result = name_of(12, name, sizeof name);
    printf("name %d %s %d\n", result, name, name[8] == 0 || name[8] == '.');
    printf("name %d\n", name_of(123456, name, 4));
    result = upper(text, 5);
    printf("upper %d %s\n", result, text);
    printf("opaque %lld\n", (long long)identity((void *)40, (int *)2));
    printf("signs %d %d\n", signs(bytes, 4), signs(bytes, 6));
}

/* A static-free way to a large array whose ends are known. */
static void large(void)
{
    size_t size = (size_t)64 << 20;
    char *memory = calloc(1, size);

    if (!memory)
        return;
    memory[0] = 40;
    memory[size - 1] = 2;
    printf("large %d\n", touch(memory, size));
    memory[size / 2] = 1;
    copy_bytes(memory, memory + size / 2, size / 2);
    printf("large %d %d\n", memory[size / 2], memory[size - 1]);
    free(memory);
}

int main(void)
{
    counted();
    shaped();
    overlapping();
    single();
    large();
    return 0;
}
