void f(int *v /* [in, counted_by(n, n)] */, int n);
