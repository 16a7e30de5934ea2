/* [error(1)] */ int f(void) /* [error(2)] */;
