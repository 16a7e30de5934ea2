void f(int *v /* [in, counted_by(*m)] */, int n);
