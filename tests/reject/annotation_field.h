struct s { char *name; /* [string] */ };
int use(struct s *s);
