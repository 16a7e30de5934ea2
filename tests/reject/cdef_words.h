unsigned float f(void);
