int f(int);
extern "Python" int f(int);
