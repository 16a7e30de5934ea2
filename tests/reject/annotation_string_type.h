void f(int *s /* [string] */);
