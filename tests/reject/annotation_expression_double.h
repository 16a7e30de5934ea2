void f(int *v /* [in, counted_by(2 * x)] */, int n, double x);
