typedef struct { int x; } point_t;
int f(point_t *p);
