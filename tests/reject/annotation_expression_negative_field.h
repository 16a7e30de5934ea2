struct s { int *p /* [in, counted_by((1 - 5) / 2)] */; };
int f(struct s *s);
