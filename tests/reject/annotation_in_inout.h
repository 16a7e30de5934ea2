void f(int *v /* [inout, in] */);
