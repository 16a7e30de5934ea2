/* The worker is killed while it runs a call: an idempotent one is sent again, from the program's own arguments. */
#include <stdio.h>

extern double sum(double *v, int n, int die, int *runs);
extern double sum_once(double *v, int n, int die);
extern int add(int x, int y);

int main(void)
{
    double v[3] = {1, 2, 3}, result;
    int runs = 0;

    result = sum(v, 3, 0, &runs);
    printf("%g: %g %g %g, %d\n", result, v[0], v[1], v[2], runs);
    result = sum(v, 3, 1, &runs);
    printf("%g: %g %g %g, %d\n", result, v[0], v[1], v[2], runs);
    result = sum_once(v, 3, 2);
    printf("%g: %g %g %g\n", result, v[0], v[1], v[2]);
    result = sum_once(v, 3, 2);
    printf("%g: %g %g %g\n", result, v[0], v[1], v[2]);
    printf("%d\n", add(40, 2));
    return 0;
}
