#include <stddef.h>
#include <stdint.h>
struct point { int x, y; };
struct reading { char name[8]; double value; };
enum { CHANNELS = 3 };

double mean(const double *v /* [counted_by(n)] */, size_t n);
double mean_inferred(const double *v, size_t n);
int scale(double *v /* [inout, counted_by(n)] */, int n, double by);
int fill(double *v /* [out, counted_by(cap), length(*len)] */, size_t cap, size_t *len /* [out] */);
int even(int *v /* [inout, counted_by(*n), length(*n)] */, int *n /* [inout] */);
int invert(unsigned char *pixels /* [inout, counted_by(w * h * CHANNELS)] */, int w, int h);
int transpose(const double *a /* [in, counted_by(rows * columns)] */,
              double *b, /* [out, counted_by((rows * columns))] */
              int64_t rows, int64_t columns);
int reverse_bytes(void *data /* [inout, sized_by(n * sizeof(struct point))] */, size_t n);
int copy_bytes(const void *from /* [sized_by(size)] */, void *to /* [out, sized_by(size)] */, size_t size);
int shift(const int *from /* [in, counted_by(n)] */, int *to /* [inout, counted_by(n)] */, int n);
int rename_all(struct reading *r /* [inout, counted_by(n)] */, unsigned char n);
int divide(int a, int b, int *quotient /* [out] */, int *remainder /* [out] */);
int bump(int *value /* [inout, or_null] */);
int corner(struct point *p /* [out] */, const struct point *box /* [in, counted_by(2)] */);
int name_of(int id, char *name /* [out, sized_by(cap)] */, int cap);
int upper(char *text /* [string] */, int len);
int64_t identity(void *p, int *q /* [opaque] */);
int touch(const char *v /* [counted_by(n)] */, uint64_t n);
int signs(const signed char *v /* [counted_by(n / 2 - -1)] */, short n);
