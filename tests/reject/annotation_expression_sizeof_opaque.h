struct hidden; void f(int *v /* [in, counted_by(sizeof(struct hidden))] */, int n);
