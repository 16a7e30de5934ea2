/* 100! has 158 digits; their sum, and what happens for a number that has no factorial. */
#include <coil.h>
#include <stdio.h>

#include "digits.h"

int main(void)
{
    const char *why;
    int sum = digit_sum_of_factorial(100);

    printf("the digits of 100! make %d\n", sum);
    sum = digit_sum_of_factorial(-1);
    if (sum < 0 && coil_last_error(&why) == COIL_E_EXCEPTION)
        printf("-1: %s\n", why);
    return sum < 0 ? 0 : 1;
}
