extern "Python" {
    int f(int);
    extern "Python" int g(int);
}
