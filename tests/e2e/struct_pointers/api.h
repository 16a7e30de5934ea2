struct point { int x, y; };
struct record { char name[16]; struct point where; double values[4]; unsigned int flag : 1; };
int move(struct point *p, int by);
int look(const struct point *p);
int fill(struct record *r);
int twice(struct point *a, struct point *b);
int mixed(const struct point *a, struct point *b, int by);
