struct s { int a; struct s s; };
