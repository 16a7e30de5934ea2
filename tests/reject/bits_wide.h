struct s { int a : 65; };
