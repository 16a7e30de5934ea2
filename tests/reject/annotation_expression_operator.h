void f(int *v /* [in, counted_by(n % 2)] */, int n);
