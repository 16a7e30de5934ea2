void f(void *v /* [out] */, size_t size);
