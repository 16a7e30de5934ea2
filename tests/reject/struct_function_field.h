struct table { struct { int (*open)(void); } calls; };
int use(const struct table *t);
