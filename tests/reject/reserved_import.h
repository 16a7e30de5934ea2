void *PyInit_reject(void);
