int f(void) /* [idempotent, error(-1)] */;
