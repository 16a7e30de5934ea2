/* [oneway] */ void f(char *text);
