void f(int *v /* [in, counted_by(sizeof(n))] */, int n);
