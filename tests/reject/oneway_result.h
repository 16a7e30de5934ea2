/* [oneway] */ int f(int x);
