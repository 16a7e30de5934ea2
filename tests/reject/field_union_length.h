struct s { union { int n; float x; }; double *v /* [inout, counted_by(n)] */; };
int f(struct s *s);
