int f(void) /* [timeout(-5)] */;
