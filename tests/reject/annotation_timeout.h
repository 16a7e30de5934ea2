int f(void) /* [timeout(100)] */;
