#include <stdio.h>
#include <stddef.h>

extern int run(void);
extern size_t caller_text(const char *s, double *v, int n);

int main(void)
{
    double v[3] = { 0.5, 1.5, 2.5 };

    printf("%d\n", run());
    printf("%zu\n", caller_text("the program's own", v, 3));
    return 0;
}
