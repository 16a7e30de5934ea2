#include <stddef.h>
struct point { int x, y; };
struct tree { int *numbers /* [inout, counted_by(count)] */; int count; int *tail /* [inout, counted_by(2)] */; char *text; struct tree *self; };
int shift(const int *source /* [in, counted_by(n)] */, int *target /* [inout, counted_by(n)] */, int n);
int within(struct point *all /* [inout, counted_by(n)] */, int n, struct point *one /* [inout] */);
int tree(struct tree *t);
int three(char *a /* [inout, sized_by(10)] */, char *b /* [inout, sized_by(10)] */, char *c /* [inout, sized_by(10)] */);
int apart(const int *begin /* [in, counted_by(n)] */, int n, const int *end /* [in, counted_by(0)] */);
