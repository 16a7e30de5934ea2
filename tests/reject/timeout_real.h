int f(void) /* [timeout(0.5)] */;
