void f(int *s /* [opaque, out] */);
