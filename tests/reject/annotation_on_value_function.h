void f(int n /* [idempotent] */);
