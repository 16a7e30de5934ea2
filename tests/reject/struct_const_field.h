struct s { const int id; };
int use(struct s s);
