#define BAD (-7)
#define LATE 0x7f
#define SOON 30
#define NOWHERE 0.25
enum state { IDLE, BROKEN = 9, LOST };
typedef short code_t;
struct entry { const char *text; const double *values; int n; struct entry *next; };
