#define N 3
struct s { int v[N - 4]; };
