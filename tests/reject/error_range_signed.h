int f(void) /* [error(0x80000000)] */;
