int f(void) /* [idempotant] */;
