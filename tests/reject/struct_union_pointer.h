struct event { int kind; union { int number; const char *text; } value; };
int on(const struct event *e);
