void f(int *v /* [in, counted_by(sizeof(struct never *))] */, int n);
