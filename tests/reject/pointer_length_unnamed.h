struct point { int x; };
int move(struct point *, int);
