int use(const char *names[4]);
