#include <stdio.h>

extern void sort_doubles(double *v, int n);
extern int sort_in_python(void);

int main(void)
{
    double v[] = { 2.5, -1, 100, 0, 7 };

    sort_doubles(v, 5);
    for (int i = 0; i < 5; i++)
        printf("%.1f ", v[i]);
    printf("\n");
    return sort_in_python();
}
