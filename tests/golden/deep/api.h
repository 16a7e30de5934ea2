int walk(struct node *list);
int solve(matrix_t *m, const matrix_t *all, int n_all);
int by_value(struct pair p, struct plain q);
struct pair make_pair(const struct pair *from);
int plain(struct plain *p, const struct plain *const *many /* [counted_by(n)] */, int n);
int names(struct names *n);
/* Arrays of strings. */
int terminated(const char *const *argv /* [string] */, const char *argw[] /* [string] */);
int counted(const char *const *names, int n, int argc, const char *const argv[]);
int written(char **texts /* [string, inout, counted_by(n)] */, int n, const char *one[3], char **room /* [out] */);
int filled(char **texts /* [out, string, counted_by(cap), length(*n)] */, int cap, int *n /* [out] */);
int only_read(char **texts /* [in, string] */, struct node **nodes /* [inout, counted_by(2)] */);
/* Results. */
const char *text(void);
char *buffer(void);
int *number(void);
double *cells(int n) /* [counted_by(n)] */;
/* [opaque] */ struct node *first(void);
struct node *last(struct node *list);
const char *const *texts(int *n /* [out] */) /* [string, counted_by(*n)] */;
char **environment(void);
int open_ended(struct message *m /* [inout, sized_by(size)] */, size_t size);
