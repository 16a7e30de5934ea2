struct t;
struct s { struct t t; };
