void f(int *v /* [in, counted_by(n / 0)] */, int n);
