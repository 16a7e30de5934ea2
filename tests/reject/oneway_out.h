/* [oneway] */ void f(int *x /* [out] */);
