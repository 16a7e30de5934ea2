struct s { struct s *children /* [inout] */; int n; };
int f(struct s *s);
