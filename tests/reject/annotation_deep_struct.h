struct node { struct node *next; }; void f(struct node *v /* [in, counted_by(n)] */, int n);
