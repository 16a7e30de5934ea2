int f(const char *const *texts, int n);
