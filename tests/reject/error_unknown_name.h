int f(void) /* [error(BAD)] */;
