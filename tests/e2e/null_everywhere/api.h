#include <stddef.h>
struct s {
    struct s *next;
    char *text;
    int *v /* [inout, counted_by(n)] */;
    int n;
    int *o /* [out] */;
    const char **words /* [string] */;
    void *user;
    struct { struct s *a; const char *b; } pair;
};
int arguments(struct s *s, const char *text, int *v /* [inout, counted_by(n)] */, int n, int *o /* [out] */, const char **words /* [string] */, void *p);
int fields(struct s *s);
int clear(struct s *s);
int by_value(struct s s);
struct s *nothing(struct s *s);
int empty(int *v /* [inout, counted_by(n)] */, int n);
