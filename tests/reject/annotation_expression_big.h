void f(int *v /* [in, counted_by(18446744073709551615)] */, int n);
