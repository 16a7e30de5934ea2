int f(int);
int f(int);
long f(int);
