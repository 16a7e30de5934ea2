struct inner { int *v; };
struct s { struct inner *inner; };
int f(const struct s *s);
