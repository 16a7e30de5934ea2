typedef struct box { int x; } box_t, *box_ptr, *other_ptr;
typedef short id_t_;
typedef unsigned long count_t_;
typedef double real_t_;
typedef float ratio_t_;
typedef void nothing_t;
struct stray { int a; char b; };
#define JOINED 42
#define BLANKS 7
#pragma pack(push, 1)
struct tight { char c; int i; };
#pragma pack(2)
struct pairs { char c; int i; };
#pragma pack(pop)
struct loose { char c; int i; };
struct flat { char kind; union { int whole; float real; struct { short low, high; }; }; struct { enum side { LEFT, RIGHT } side; }; };
_Alignas(16) int aligned = 1;
static _Thread_local int own;
static int none(void) { return 0; }
