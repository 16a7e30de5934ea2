void * /* [opaque] */ f(int n);
