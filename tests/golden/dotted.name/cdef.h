extern "Python" int twice(int);
