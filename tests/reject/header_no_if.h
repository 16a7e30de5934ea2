int f(int);
#endif
