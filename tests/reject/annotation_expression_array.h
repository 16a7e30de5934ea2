void f(int *v /* [in, counted_by(*n)] */, int *n /* [in, counted_by(1)] */);
