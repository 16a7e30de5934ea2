#include <stdarg.h>

typedef struct { double x, y; } point_t;
enum color { RED, BLUE = 5 };
typedef short count_t;
typedef struct hidden { int depth; } hidden_t;
struct sealed { const int id; char name[8]; };
struct node { int value; struct node *next; };

static int ask(int x);

static int plus(int a, int b) { return a + b; }
static void nothing(void) { }
static double length(point_t p) { return sqrt(p.x * p.x + p.y * p.y); }
static point_t mirrored(const point_t p, enum color axis) { point_t m = { axis == RED ? -p.x : p.x, p.y }; return m; }
static struct sealed seal(struct sealed old, int id) { struct sealed s = { old.id + id, "new" }; return s; }
static enum color next_color(enum color c) { return c == RED ? BLUE : RED; }
static count_t counted(count_t n) { return n; }
#define tripled(x) (3 * (x))
static int really_renamed(int x) { return -x; }
#define renamed really_renamed
static int sum(const int *v, int n) { return n > 0 ? v[0] + sum(v + 1, n - 1) : 0; }
static double mean(double *v, size_t n) { return n > 0 ? v[0] : 0; }
static int rows(const int m[2][3], int weights[3]) { return m[1][2] * weights[2]; }
static char *shout(const char *text, char *room, size_t size) { return strncpy(room, text, size); }
static hidden_t *open_hidden(void *context) { return (hidden_t *)context; }
static int close_hidden(hidden_t *hidden) { return hidden->depth; }
static void put(FILE *stream, int (*visit)(const point_t *p, void *context), void *context)
{
    const point_t p = { 1, 2 };

    if (visit(&p, context))
        fputs("put\n", stream);
}
static int unclear(int *p, char **argv, double *values, int count) { return p && argv && values ? count : 0; }
static struct node *last(struct node *list) { return list && list->next ? last(list->next) : list; }
static int total(const char *format, ...)
{
    va_list rest;
    int first;

    va_start(rest, format);
    first = va_arg(rest, int);
    va_end(rest);
    return first;
}
static int call(int result) { return ask(result); }
static int result(int call) { return call; }
static int frame(int frame) { return frame; }

static int counter = 40;
static const double ratio = 0.5;
static char title[16] = "golden";
static int open_ended[] = { 1, 2, 3 };
static int measured[5];
static point_t corners[2];
static int *chosen = &counter;
static const char *greeting = "hello";
static hidden_t *current;
static hidden_t concealed;
static int (*hook)(int);
static struct sealed first_seal = { 1, "first" };
static const point_t ORIGIN = { 0, 0 };
#define VERSION "1.5"
#define LETTER 'x'
#define EXACT 3.25L
