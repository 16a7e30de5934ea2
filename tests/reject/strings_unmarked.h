int f(const char *const *names);
