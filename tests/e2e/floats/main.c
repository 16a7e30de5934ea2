#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api.h"

static void float_check(float x)
{
    float y = same_float(x);

    if (memcmp(&x, &y, sizeof(x)) != 0)
        printf("float came back changed: %a %a\n", x, y);
    fflush(stdout);
}

static void double_check(double x)
{
    double y = same_double(x);

    if (memcmp(&x, &y, sizeof(x)) != 0)
        printf("double came back changed: %a %a\n", x, y);
    fflush(stdout);
}

int main(void)
{
    float_check(0.0f);
    float_check(-0.0f);
    float_check(1.5f);
    float_check(FLT_MAX);
    float_check(FLT_MIN);
    float_check(-INFINITY);
    double_check(-0.0);
    double_check(DBL_MAX);
    double_check(DBL_MIN);
    double_check(4.9406564584124654e-324);
    double_check(INFINITY);
    printf("%d\n", isnan(same_double(NAN)) != 0);
    /* A value that no double can hold: it must come back with all of its bits. */
    printf("%d\n", same_long_double(1.0L + LDBL_EPSILON) == 1.0L + LDBL_EPSILON);
    printf("%d\n", same_long_double(-LDBL_MAX) == -LDBL_MAX);
    printf("%.1Lf\n", scaled(1.5L, 10));
    printf("%.2f\n", mixed(1, 2.5f, -3.25, 4.0L, 'e', -6));
    return 0;
}
