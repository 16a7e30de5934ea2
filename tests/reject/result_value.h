int f(int n) /* [counted_by(n)] */;
