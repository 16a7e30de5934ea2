char *f(void) /* [error(0)] */;
