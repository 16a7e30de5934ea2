void f(int *v /* [out, counted_by(n), length(*m)] */, int n, int *m);
