void f(int *v /* [out, length(n)] */, int n);
