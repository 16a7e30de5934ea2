struct s { const char *names[4] /* [out] */; };
int f(struct s *s);
