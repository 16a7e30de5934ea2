int f(int x) __attribute__((pure));
