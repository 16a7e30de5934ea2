struct node { struct node *next; };
int f(struct node *v /* [inout, sized_by(n)] */, int n);
