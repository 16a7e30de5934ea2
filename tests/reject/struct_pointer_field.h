struct node { int value; struct node *next; };
int walk(struct node *first);
