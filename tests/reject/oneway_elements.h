/* [oneway] */ void f(char *const *texts /* [string] */);
