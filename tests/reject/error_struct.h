struct s { int x; };
struct s f(void) /* [error(0)] */;
