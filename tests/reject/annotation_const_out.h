void f(const int *v /* [out] */);
