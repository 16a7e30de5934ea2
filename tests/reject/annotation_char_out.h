void f(char *name /* [out] */);
