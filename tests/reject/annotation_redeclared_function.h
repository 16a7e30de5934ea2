int f(int n);
int f(int n) /* [timeout(5)] */;
