void f(void *v /* [inout, counted_by(n)] */, size_t n);
