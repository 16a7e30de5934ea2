struct s { int kind; int *v; };
int f(struct s *s);
