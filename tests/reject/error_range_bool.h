_Bool f(void) /* [error(2)] */;
