unsigned char f(void) /* [error(-1)] */;
