struct s { int x } int f(void);
