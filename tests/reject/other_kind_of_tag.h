struct s { int a; };
union s *f(void);
