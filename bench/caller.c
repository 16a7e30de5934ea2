/*
 * The measured program: knows a stub library's add() and nothing else, so that
 * the same binary runs with coil's stub library and with CFFI's.
 *
 *     caller COUNT    measures add()
 *     caller first    the time of the first call in a fresh process, in nanoseconds
 */
#include <string.h>

#include "measure.h"

extern int add(int x, int y);

static void call(int n)
{
    if (add(n, 2) != n + 2)
        abort();
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "first") == 0) {
        int64_t begin = measure_now_ns(), end;
        int result = add(40, 2);

        end = measure_now_ns();
        printf("%lld\n", (long long)(end - begin));
        return result == 42 ? 0 : 1;
    }
    if (add(40, 2) != 42)
        return 1;
    measure(call, argc > 1 ? (size_t)atoi(argv[1]) : 100000);
    return 0;
}
