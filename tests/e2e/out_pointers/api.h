struct point { int x, y; };
struct found { char *name; struct point *where; struct found *next; };
int describe(int id, char **text /* [out] */, struct point **where /* [out] */);
int lookup(const char *name, struct found *result /* [out] */);
void append(struct found *list, const char *name);
int swap(char **a /* [inout] */, char **b /* [inout] */);
