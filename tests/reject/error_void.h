/* [error(-1)] */ void f(void);
