struct s { int n; double *v /* [inout, counted_by(m)] */; };
int f(struct s *s, int m);
