/* [opaque] */ void *f(int n);
