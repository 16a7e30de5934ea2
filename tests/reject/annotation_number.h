void f(int *v /* [in, 4] */, int n);
