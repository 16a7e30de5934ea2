void f(int *v /* [in, counted_by(n)] */, double x);
