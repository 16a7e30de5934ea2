int f(void) /* [timeout(0x80000000)] */;
