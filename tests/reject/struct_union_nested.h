struct text { const char *s; };
union value { int n; struct text t; };
int on(union value v);
