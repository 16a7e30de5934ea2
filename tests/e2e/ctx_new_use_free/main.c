/* What most plug-in interfaces are: new, use, free; the program sees nothing but a pointer. */
#include <stdio.h>

#include "api.h"

int main(void)
{
    ctx *contexts[50];
    raw *raws[50];
    int total = 0;

    for (int i = 0; i < 50; i++) {
        char name[32];

        snprintf(name, sizeof name, "number %d", i);
        contexts[i] = ctx_new(name);
        raws[i] = raw_new(i);
    }
    printf("%d\n", python_has());
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 50; i++)
            total += ctx_use(contexts[i], i) + raw_use(raws[i]);
    printf("%d\n", total);
    printf("%s %s %d\n", ctx_name(contexts[7]), ctx_name(contexts[42]), ctx_same(contexts[3]) == contexts[3]);
    for (int i = 0; i < 50; i++) {
        ctx_free(contexts[i]);
        raw_free(raws[49 - i]);
    }
    printf("%d\n", python_has());
    return 0;
}
