/* What Python reaches through lib: C functions and variables of every kind. */
typedef struct { double x, y; } point_t;
enum color { RED, BLUE = 5 };
typedef int... count_t;
typedef ... hidden_t;
struct sealed { const int id; char name[8]; };
struct node { int value; struct node *next; };

int plus(int a, int b);
void nothing(void);
double length(point_t p);
point_t mirrored(const point_t p, enum color axis);
struct sealed seal(struct sealed old, int id);
const enum color next_color(enum color c);
count_t counted(count_t n);
int tripled(int x);                      /* a macro in the C source */
int renamed(int x);                      /* the same, for another function's name */
int sum(const int *v, int n);            /* clear without words */
double mean(double *v /* [in, counted_by(n)] */, size_t n);
int rows(const int m[2][3], int weights[3]);
char *shout(const char *text, char *room /* [out, sized_by(size)] */, size_t size);
hidden_t *open_hidden(void *context);
int close_hidden(hidden_t *hidden);
void put(FILE *stream, int (*visit)(const point_t *p, void *context), void *context);
int unclear(int *p, char **argv, double *values, int count);
struct node *last(struct node *list);
int total(const char *format, ...);
int call(int result), result(int call), frame(int frame);

extern int counter;
extern const double ratio;
extern char title[16];
extern int open_ended[];
extern int measured[...];
extern point_t corners[2];
extern int *chosen;
extern const char *greeting;
extern hidden_t *current;
extern hidden_t concealed;
extern int (*hook)(int);
extern struct sealed first_seal;
static const point_t ORIGIN;
static const char *const VERSION;        /* a macro in the C source */
static const char LETTER;
static const long double EXACT;

extern "Python" int ask(int x);
