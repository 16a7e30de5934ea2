struct point { int x; };
struct point *make(int x);
