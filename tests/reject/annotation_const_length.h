void f(const int *v /* [counted_by(n), length(n)] */, int n);
