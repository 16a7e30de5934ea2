#include <stddef.h>
double mean(const double *v /* [counted_by(n)] */, int n);
int total(const int *v /* [counted_by(*n)] */, const short *n /* [in] */);
int area(unsigned char *v /* [inout, counted_by(w * h)] */, long long w, long long h);
int part(char *v /* [inout, sized_by(n / by - 1)] */, int n, int by);
int bytes(const void *v /* [sized_by(n)] */, size_t n);
void nothing(double *v /* [out, counted_by(n)] */, int n);
struct row {
    int n;
    double *cells; /* [inout, counted_by(n)] */
    struct row *next;
};
double rows(struct row *first);
double row_itself(struct row row);
