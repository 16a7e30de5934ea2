void f(int *v /* [in, counted_by(*n)] */, int *n /* [out] */);
