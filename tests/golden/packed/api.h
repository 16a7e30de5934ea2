int f(struct tight t, struct loose *l);
