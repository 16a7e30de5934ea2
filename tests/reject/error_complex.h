float _Complex f(void) /* [error(0)] */;
