#define ANSWER 42
#define FLAGS (1u << 31)
#define NEGATIVE (-7)
#define BIG 0xFFFFFFFFFFFFFFFFu
#define LETTERS 26L
#define LIMIT 1000
static const double RATIO = 0.5;
#define FAVOURITE BLUE

enum color { RED, GREEN = 5, BLUE, DARK = -1, MIX = RED | 4 };
typedef enum { LOW, MIDDLE, HIGH = 1 << 4, HIGHER } level_t;
enum { ALONE = 3, ALSO };
enum size_class { LARGE, SMALL };

typedef short some_int_t;
typedef unsigned long some_unsigned_t;
typedef double some_real_t;
typedef struct hidden opaque_t;
typedef struct hidden *handle_t;
typedef char label_t[16];
typedef int row_t[7];
typedef const char *text_t;
typedef int (*compare_t)(const void *, const void *);

struct node { int value; struct node *next; compare_t compare; };

typedef struct partial { double unknown; int known; } partial_t;
typedef struct { char name[21]; double grid[5][3]; long id; } record_t;
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

static int sized[9];

typedef struct { double x, y; } point_t;
union number { int i; double d; void *p; };
struct line { point_t from, to; label_t name; enum color color; };

static int internal(int a, int b);
CFFI_DLLEXPORT int use_sized(int i);
CFFI_DLLEXPORT int use_sized(int i) { return cffi_start_python() == 0 ? internal(sized[i], i) : -1; }

typedef void (visitor_t)(int, ...);
static int (*hook)(int);
static int counter = 1;
static int table[3][4];
static const char *const version = "1.5";
static FILE *log_file;

static struct node *first_node(void)
{
    return NULL;
}

static int c_function(int first, const char *format, ...)
{
    return format ? first : 0;
}

static int old_style(void)
{
    return c_function(1, version);
}

static void walk(struct node *n, visitor_t *visit, double values[], size_t count)
{
    for (size_t i = 0; n && i < count; n = n->next, i++)
        visit(n->value, values[i]);
}

extern int exported_counter;
CFFI_DLLEXPORT int exported_counter = 1;
