extern "Python" { int f(int); int counter; }
