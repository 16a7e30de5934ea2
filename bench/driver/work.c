/* The kinds of work: one call each. */
#include <stdlib.h>
#include <string.h>

#include "driver.h"

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

static double *array, *other; /* as large as the work wants */

static void check(int good)
{
    if (!good)
        abort();
}

static void run_nothing(int n)
{
    (void)n;
    check(nothing() == 1);
}

static void run_add(int n)
{
    check(add(n, 2) == n + 2);
}

static void run_text(int n)
{
    (void)n;
    check(text("fifteen letters") == 1); /* 16 bytes with the NUL */
}

static void run_point(int n)
{
    struct point p = { n, 2, { 3, 4, 5, 6 } };

    check(point(&p) == 1);
}

static int doubled(int x)
{
    return 2 * x;
}

static void run_call_back(int n)
{
    check(call_back(doubled, n) == 2 * n);
}

static void array_make(size_t size)
{
    array = malloc(size);
    other = malloc(size);
    check(array && other);
    memset(array, 0, size);
    memset(other, 0, size);
}

static void array_drop(void)
{
    free(array);
    free(other);
}

/* The array differs from call to call, so that nobody sends an old one. */
#define ARRAY_WORK(label, size)                                                                                        \
    static void prepare_##label(void)                                                                                  \
    {                                                                                                                  \
        array_make(size);                                                                                              \
    }                                                                                                                  \
    static void run_first_##label(int n)                                                                               \
    {                                                                                                                  \
        array[0] = n;                                                                                                  \
        check(first(array, (size) / sizeof *array) == n);                                                              \
    }                                                                                                                  \
    static void run_copy_##label(int n)                                                                                \
    {                                                                                                                  \
        array[0] = n;                                                                                                  \
        memcpy(other, array, size);                                                                                    \
        __asm__ volatile("" : : "r"(other) : "memory");                                                                \
    }

ARRAY_WORK(8, (size_t)8)
ARRAY_WORK(1k, KIB)
ARRAY_WORK(64k, 64 * KIB)
ARRAY_WORK(1m, MIB)
ARRAY_WORK(64m, 64 * MIB)

static const struct work works[] = {
    { "nothing", run_nothing, NULL, NULL },
    { "add", run_add, NULL, NULL },
    { "text", run_text, NULL, NULL },
    { "point", run_point, NULL, NULL },
    { "call_back", run_call_back, NULL, NULL },
    { "first_8", run_first_8, prepare_8, array_drop },
    { "first_1k", run_first_1k, prepare_1k, array_drop },
    { "first_64k", run_first_64k, prepare_64k, array_drop },
    { "first_1m", run_first_1m, prepare_1m, array_drop },
    { "first_64m", run_first_64m, prepare_64m, array_drop },
    { "copy_1k", run_copy_1k, prepare_1k, array_drop },
    { "copy_64k", run_copy_64k, prepare_64k, array_drop },
    { "copy_1m", run_copy_1m, prepare_1m, array_drop },
    { "copy_64m", run_copy_64m, prepare_64m, array_drop },
};

const struct work *work_find(const char *name)
{
    for (size_t i = 0; i < sizeof works / sizeof *works; i++)
        if (strcmp(works[i].name, name) == 0)
            return &works[i];
    return NULL;
}
