void f(char *s /* [out, string] */);
