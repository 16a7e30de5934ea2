void f(int *v /* [out] */, size_t n);
