#include <complex.h>
#include <stdio.h>

extern float _Complex conjugate_float(float _Complex x);
extern double _Complex conjugate_double(double _Complex x);
extern double _Complex product(double _Complex x, int n, float _Complex y);

int main(void)
{
    float _Complex f = conjugate_float(1.5f + 2.5f * I);
    double _Complex d = conjugate_double(1e300 - 4.25 * I);
    double _Complex p = product(1.0 + 2.0 * I, 3, 2.0f - 1.0f * I);

    printf("%g %g\n", (double)crealf(f), (double)cimagf(f));
    printf("%g %g\n", creal(d), cimag(d));
    printf("%g %g\n", creal(p), cimag(p));
    return 0;
}
