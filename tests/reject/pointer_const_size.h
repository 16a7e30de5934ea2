struct point { int x; };
int put(const short *v, size_t size);
