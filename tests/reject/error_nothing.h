int f(void) /* [error] */;
