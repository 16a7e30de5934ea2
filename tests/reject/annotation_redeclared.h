int f(int *p /* [out] */, int n);
int f(int *p, int n);
int f(int *p /* [in] */, int n);
