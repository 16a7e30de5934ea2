typedef struct secret opaque_t;
typedef struct secret *handle_t;
typedef unsigned short count_t;
struct partial { double before; int a; };
typedef struct { char before; int b; } hidden_t;
typedef struct { int all; } full_t;
#define KNOWN 16
#define UNKNOWN 99
enum late { EARLY, LATE };
struct tree { struct leaf { int v; } leaf; struct tree *up; full_t full; int (*visit)(struct tree *, hidden_t *); };
typedef struct { int q; } *pointer_only_t;
static struct tree root;
