#include <coil.h>
#include <stdio.h>

#include "plugin.h"

static int twice(int x)
{
    return 2 * x;
}

int main(void)
{
    const char *const texts[] = {"one", "two", NULL};
    struct node two = {2, NULL}, one = {1, &two};
    double v[] = {1, 2, 6};

    printf("%d", add(40, 2));
    printf(" %d\n", coil_last_error(NULL));
    if (coil_last_error(NULL) != COIL_OK)
        return 0;
    printf("%d %d %g %d\n", sum_list(&one), call_back(twice, 4), mean(v, 3), second(&one)->value);
    printf("%d\n", strings(texts));
    return 0;
}
