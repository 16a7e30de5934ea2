int f(struct anonymous a, struct first *b, struct deep *d, enum turn t);
