struct event { int kind; union { int n; const char *text /* [in] */; }; };
int on(const struct event *e);
