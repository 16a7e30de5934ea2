struct table { int rows; double *cells; /* [in, out] */ };
int f(struct table *t);
