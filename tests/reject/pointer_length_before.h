struct point { int x; };
int move(size_t count, struct point *points);
