void f(int *v /* [in, counted_by(n), length(n)] */, int n);
