int f(int *p /* [counted_by(-3)] */);
