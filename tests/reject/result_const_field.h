struct s { const int id; };
struct s f(void);
