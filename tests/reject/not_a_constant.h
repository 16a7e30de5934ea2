int f(int v[N]);
