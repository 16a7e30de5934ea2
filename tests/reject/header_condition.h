#if VERSION > 3
int f(int);
#endif
