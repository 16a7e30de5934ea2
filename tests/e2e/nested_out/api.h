#include <stddef.h>
struct status { int code; int detail[2]; };
struct reply {
    const char *question;
    char *text /* [out, sized_by(room), length(used)] */;
    size_t room, used;
    double *values /* [out, counted_by(3)] */;
    struct status *status /* [out] */;
};
struct node { int value; struct node *next; };
int answer(struct reply *r);
int nodes(struct node *p /* [inout, counted_by(1)] */, int n, struct node *room /* [out, counted_by(n)] */);
int split(char **words /* [out, string, counted_by(n)] */, char *text /* [string] */, int n);
