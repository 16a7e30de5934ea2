int f(void);
extern int counter;
