struct node { const char *text; struct node *next; };
/* [oneway] */ void f(const struct node *list);
