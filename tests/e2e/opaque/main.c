#include <stdint.h>
#include <stdio.h>

#include "api.h"

struct handle { int secret; };

int main(void)
{
    struct handle h = {42};
    char pair[2];

    printf("%d\n", same(&h) == &h);
    printf("%d\n", same_const("text") != NULL);
    printf("%d\n", same(NULL) == NULL);
    printf("%d\n", same((void *)(uintptr_t)0xfffffffffffffff8u) == (void *)(uintptr_t)0xfffffffffffffff8u);
    printf("%d\n", store(&h, 3) == &h);
    printf("%d\n", fetch(3)->secret);
    printf("%d\n", fetch(4) == NULL);
    printf("%d %d\n", is_null(NULL), is_null(&h));
    printf("%d %d\n", compare(pair, pair), compare(pair, pair + 1));
    return 0;
}
