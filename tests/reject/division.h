struct s { int v[4 / (2 - 2)]; };
