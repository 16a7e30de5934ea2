int f(void (*visit)(int *v /* [in, out] */));
