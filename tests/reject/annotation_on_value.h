void f(int n /* [out] */);
