int f(int (*visit)(int n) /* [counted_by(n)] */);
