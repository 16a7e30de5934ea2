#include <stdio.h>

#include "plugin.h"

int main(void)
{
    printf("%d\n", add(40, 2));
    return 0;
}
