void f(int *n /* [inout, idempotent] */);
