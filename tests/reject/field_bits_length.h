struct s { unsigned n : 8; double *v /* [inout, counted_by(n)] */; };
int f(struct s *s);
