/* [oneway(1)] */ void f(void);
