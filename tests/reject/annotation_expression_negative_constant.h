#define N 2
int f(char *p /* [out, sized_by(8), length(N - 2 * 2)] */);
