struct point { int x; int y; };
int f(struct point *p);
