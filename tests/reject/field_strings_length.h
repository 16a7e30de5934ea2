struct s { const char *names[4] /* [counted_by(4)] */; };
int f(struct s *s);
