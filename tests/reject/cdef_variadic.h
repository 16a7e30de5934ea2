int printf(const char *, ...);
extern "Python" int print(const char *, ...);
