"""Declares everything whose value, size or place only this C source knows."""
import cffi

ffi = cffi.FFI()
ffi.cdef("""
    struct point { int x, y; };
    enum color { RED, GREEN = 5, BLUE };
    enum mode { SLOW = ..., FAST, ... };
    enum { ALONE = 3 };
    typedef int... ident_t;
    typedef float... scale_t;
    typedef ... hidden_t;
    typedef int grid_t[...];
    struct record { ident_t id; char name[...]; ...; };
    typedef struct { short kind; union { int whole; float real; }; struct { char a; long b; } inner; } shape_t;
    struct flags { unsigned low : 3; unsigned high : 5; int rest; };
    struct node { struct node *next; enum color color; struct { enum { OFF, ON } state; } lamp; };
    #define BASE 11
    #define LIMIT ...
    static const double RATIO;
    static const unsigned long HUGE;
    extern int table[...];
    int helper(hidden_t *, grid_t *);
""")
ffi.embedding_api("int base(struct point *p);")
ffi.set_source("base", """
    struct point { int x, y; };
    enum color { RED, GREEN = 5, BLUE };
    enum mode { SLOW = 17, MIDDLE, FAST = 40 };
    enum { ALONE = 3 };
    typedef short ident_t;
    typedef float scale_t;
    typedef struct hidden { int x; } hidden_t;
    typedef int grid_t[6];
    struct record { double first; ident_t id; char name[24]; };
    typedef struct { short kind; union { int whole; float real; }; struct { char a; long b; } inner; } shape_t;
    struct flags { unsigned low : 3; unsigned high : 5; int rest; };
    struct node { struct node *next; enum color color; struct { enum { OFF, ON } state; } lamp; };
    #define BASE 11
    #define LIMIT BASE_LIMIT
    #define RATIO 0.1
    #define HUGE 0xffffffffffffffff
    int table[9];
    int helper(hidden_t *hidden, grid_t *grid) { return hidden->x + (*grid)[0]; }
""", define_macros=[("BASE_LIMIT", "-77")])
ffi.embedding_init_code("""
    from base import ffi

    @ffi.def_extern()
    def base(p):
        return p.x
""")
if __name__ == "__main__":
    ffi.compile()
