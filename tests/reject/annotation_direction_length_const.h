void f(const int *v /* [in] */, size_t size);
