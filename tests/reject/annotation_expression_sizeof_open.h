void f(int *v /* [in, counted_by(sizeof int)] */, int n);
