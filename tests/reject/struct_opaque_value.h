struct hidden;
int use(struct hidden h);
