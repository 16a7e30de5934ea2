void f(int *v /* [in, counted_by] */, int n);
