void f(int *v /* [in, counted_by(n+(n+(n+(n+(n+(n+(n+(n+(n+(n+(n+(n+(n+(n+(n+(n+n))))))))))))))))] */, int n);
