void f(/* [in] */ void);
