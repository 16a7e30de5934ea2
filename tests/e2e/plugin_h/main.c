#include <stdio.h>

#include "plugin.h"

int main(void)
{
    point_t p = {40, 2};
    int result = do_stuff(&p);

    printf("%d %d\n", result, p.x);
    return 0;
}
