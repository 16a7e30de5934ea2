int *c_function(int n) /* [counted_by(m)] */;
