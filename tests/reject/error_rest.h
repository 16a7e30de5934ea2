double f(void) /* [error(1 2)] */;
