#include <stdio.h>

#include "api.h"

int main(void)
{
    int values[4] = {1, 2, 3, 4};
    matrix m = {{1, 2, 3}, {4, 5, 6}};
    unsigned char data[17] = "coil, not spring", key[4] = {1, 2, 3, 4};

    printf("%d %d\n", sum(values), sum(NULL));
    printf("%d", square(values));
    printf(" %d %d %d %d\n", values[0], values[1], values[2], values[3]);
    printf("%d", transpose(m));
    printf(" %d %d %d\n", m[0][0], m[0][1], m[1][2]);
    bytes(data, key);
    printf("%s\n", data);
    bytes(data, key);
    printf("%s\n", data);
    return 0;
}
