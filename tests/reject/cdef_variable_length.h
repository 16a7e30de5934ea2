int n;
extern int *v; /* [in, counted_by(n)] */
