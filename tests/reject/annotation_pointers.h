int f(int **rows /* [inout, counted_by(n)] */, int n);
