/* Everything that only the C source and lib see. */
#define ANSWER 42
#define FLAGS ...
#define NEGATIVE -7
#define BIG 0xFFFFFFFFFFFFFFFF
#define LETTERS 26L // with a comment
static const int LIMIT;
static const double RATIO;
static const enum color FAVOURITE;

enum color { RED, GREEN = 5, BLUE, DARK = -1, MIX = RED | 4 };
typedef enum { LOW, HIGH = 1 << 4, HIGHER, ... } level_t;
enum { ALONE = 3, ALSO };
enum size_class { SMALL = ... , LARGE = ... };

typedef int... some_int_t;
typedef unsigned long... some_unsigned_t;
typedef float... some_real_t;
typedef ... opaque_t;
typedef ... *handle_t;
typedef char label_t[16];
typedef int row_t[...];
typedef const char *text_t;
typedef int (*compare_t)(const void *, const void *);
typedef void (visitor_t)(int, ...);

struct node;
struct node *first_node(void);
struct node { int value; struct node *next; compare_t compare; };

typedef struct partial { int known; ...; } partial_t;
typedef struct { long id; char name[...]; double grid[...][3]; ...; } record_t;
struct bits { unsigned a : 3; signed int b : 5, : 2, c : 7; unsigned long long wide : 40; };
struct __stranger { short s; };

struct nested {
    struct inner { int x; union { float f; int i; } value; } in;
    struct { int row, column; } where[2];
    enum { ON, OFF } state;
    union {
        short half;
        int both;
    };
    int last;
};

int c_function(int, const char *, ...);
int __stdcall old_style(void);
int (WINAPI *hook)(int);
extern int counter;
int table[3][4];
const char *const version;
int sized[...];
FILE *log_file;
void walk(struct node *n, visitor_t *visit, double values[], size_t count);
extern "Python" { int internal(int a, int b); void quiet(void); }
extern "Python+C" long shared(long);
extern "C + Python" void done(void);
