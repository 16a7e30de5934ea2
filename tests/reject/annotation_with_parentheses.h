void f(int *v /* [in(n)] */, int n);
