int f(int... x);
