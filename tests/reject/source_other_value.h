#define LIMIT 4
int f(int x);
