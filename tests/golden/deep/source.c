#define COLUMNS 3
struct pair { const char *key; char *value; char kind[8]; };
struct node { int value; struct node *next; const struct node *parent; };
typedef struct matrix {
    int rows;
    double *cells;
    const int *marks; size_t mark_count;
    struct { void *data; int bytes; } raw;
    struct pair pairs[2], raw_pairs[2];
    struct pair *more;
    int *more_count;
    struct node *only;
    void *user;
    struct { const char *title; unsigned bits : 3; };
    union { int number; void *context; const char *text; struct pair both; };
} matrix_t;
struct plain { int x; void *context; struct plain *peer; };
struct names {
    const char *fixed[4];
    char *const *list;
    const char **some;
    int n;
    struct node *nodes[2];
    struct { struct names *up; } link;
};
struct message { int size; char bytes[]; };
struct unreached { int *v; int n; };
struct of_lib { int *v; int n; struct node *list; union { int *p; double d; } either; struct message *m; };
static int lib_only(struct of_lib *s, struct unreached u) { return s ? u.n : 0; }
