double f(void) /* [error()] */;
