void f(int *v /* [in, ] */, int n);
