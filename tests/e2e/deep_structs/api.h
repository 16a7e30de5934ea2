#include <stddef.h>
struct matrix { int rows, columns; double *cells /* [inout, counted_by(rows * columns)] */; };
struct mask { char *bits /* [inout, sized_by(count)] */; size_t count; };
struct layer { char *name; struct matrix *matrix; struct mask *mask; };
struct scene {
    const char *title;
    struct layer *layers /* [inout, counted_by(layer_count)] */;
    int layer_count;
    struct { struct matrix left, right; } inner;
    struct layer *current;
    void *user;
};
double total(const struct matrix *m);
void scale(struct matrix *m, double by);
double by_value(struct matrix m);
int describe(const struct scene *s, char *to /* [out, sized_by(size)] */, size_t size);
int change(struct scene *s);
struct layer *current(struct scene *s);
struct matrix make(const struct matrix *from_);
int untouched(struct scene *s);
