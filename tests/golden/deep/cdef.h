/* What pointers lead to, and what is in there leads to. */
#define COLUMNS 3
struct pair { const char *key; char *value; char kind[8]; };
struct node {
    int value;
    struct node *next;                      /* a list */
    const struct node *parent;              /* and back */
};
typedef struct matrix {
    int rows;
    double *cells;                          /* [inout, counted_by(rows * COLUMNS)] */
    const int *marks; size_t mark_count;    /* clear without words */
    struct { void *data /* [in, sized_by(bytes)] */; int bytes; } raw;
    struct pair pairs[2], raw_pairs[2] /* [opaque] */;
    struct pair *more /* [counted_by(*more_count)] */;
    int *more_count; /* [in] */
    struct node *only; /* [inout] */
    void *user;
    struct { const char *title; unsigned bits : 3; };
    union { int number; void *context; const char *text /* [opaque] */; struct pair both /* [opaque] */; };
} matrix_t;
struct plain { int x; void *context; struct plain *peer /* [opaque] */; };
struct names {
    const char *fixed[4];
    char *const *list /* [string] */;
    const char **some; /* [string, inout, counted_by(n)] */
    int n;
    struct node *nodes[2];
    struct { struct names *up; } link;
};
struct message { int size; char bytes[]; };
/* Nothing leads to it, and what only lib leads to need not be clear. */
struct unreached { int *v; int n; };
struct of_lib { int *v; int n; struct node *list; union { int *p; double d; } either; struct message *m; };
int lib_only(struct of_lib *s, struct unreached u);
