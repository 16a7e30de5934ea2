char *f(int n) /* [out, counted_by(n)] */;
