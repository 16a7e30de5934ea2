int each(visit_t visit, void *context);
int each_pointer(visit_t *visit, const double *v, int n);
int show(struct widget *w);
int order_by(compare_t compare, int (*again)(const void *a, const void *b));
compare_t choose(int i);
void *(*choose_allocator(void))(size_t size);
int lengths(double *(*cells)(int n) /* [counted_by(n)] */, double *(*others)(int n));
int many(compare_t *compares /* [in, counted_by(n)] */, int n, int (**one)(int) /* [inout] */);
int names(name_of_t name_of, int (*log)(const char *format, ...));
