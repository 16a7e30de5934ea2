void f(int *v /* [out, counted_by(*n)] */, const int *n);
