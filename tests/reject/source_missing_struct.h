struct point { int x; };
int f(struct point *p);
