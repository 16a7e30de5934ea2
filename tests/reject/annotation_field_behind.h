struct s { void *p; /* [opaque] */
           int n; };
int f(struct s v);
