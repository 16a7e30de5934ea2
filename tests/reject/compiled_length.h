int f(int v[...]);
