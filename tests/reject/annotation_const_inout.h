void f(const int *v /* [inout, counted_by(n)] */, int n);
