void f(int *v /* [in, out] */);
