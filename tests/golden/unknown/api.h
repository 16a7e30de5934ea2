/* Types that the header can only leave open. */
typedef ... opaque_t;
typedef ... *handle_t;
typedef int... count_t;
struct partial { int a; ...; };
typedef struct { int b; ...; } hidden_t;
typedef struct { int all; } full_t;
#define KNOWN 0x10
#define UNKNOWN ...
enum late { LATE, ... };
struct tree { struct leaf { int v; } leaf; struct tree *up; full_t full; int (*visit)(struct tree *, hidden_t *); };
int by_pointer(opaque_t *o, handle_t h, struct partial *p, hidden_t *x, full_t *f);
count_t by_value(count_t n, struct partial p, enum late l);
extern struct tree root;
typedef struct { int q; } *pointer_only_t;
void use(pointer_only_t p, struct leaf l, bool b, FILE *f, char16_t c, _Bool d);
