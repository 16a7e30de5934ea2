struct text { int size; char bytes[]; };
int use(struct text *t);
