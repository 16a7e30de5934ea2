typedef struct { int a, b; char tail[]; } open_t;
struct mixed { char hidden; int kind; union { int i; struct { double more; int known; }; }; };

struct anonymous {
    char c;
    union {
        struct { short low, high; };
        int both;
    };
    struct { unsigned on : 1; unsigned off : 1; };
    int last;
    enum { LEFT, RIGHT } side;
    struct deep { struct { enum turn { BACK = 7 } turn; } in; } deep;
};
struct first { struct { unsigned a : 4, b : 4; }; int c; };
