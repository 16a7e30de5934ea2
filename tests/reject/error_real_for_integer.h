int f(void) /* [error(1.5)] */;
