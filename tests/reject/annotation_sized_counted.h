void f(int *v /* [counted_by(n), sized_by(m)] */, size_t n, size_t m);
