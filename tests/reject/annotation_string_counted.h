void f(char *s /* [string, counted_by(n)] */, size_t n);
