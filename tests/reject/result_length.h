/* [counted_by(n), length(n)] */ int *f(int n);
