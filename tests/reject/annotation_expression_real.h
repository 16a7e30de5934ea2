void f(int *v /* [in, counted_by(1.5)] */, int n);
