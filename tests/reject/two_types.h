int long f(void);
int char g(void);
