struct buffer { void *data; size_t size; };
int use(struct buffer b);
