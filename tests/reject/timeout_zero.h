int f(void) /* [timeout(0)] */;
