int f(int (*visit)(int n) /* [idempotent] */);
