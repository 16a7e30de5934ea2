struct tree { struct tree *left, *right; char *name; int value; };
extern struct tree *grow(int depth);
extern int sum(const struct tree *root);
extern int names(const struct tree *root);
extern int mirror(struct tree *root);
extern struct tree *shout(struct tree *root);
