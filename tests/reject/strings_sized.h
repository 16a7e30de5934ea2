int f(const char *const *names /* [string, sized_by(n)] */, int n);
