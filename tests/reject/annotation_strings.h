int f(const char *const *texts /* [in, counted_by(n)] */, int n);
