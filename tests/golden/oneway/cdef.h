/* What annotations say about functions as a whole. */
#define BAD (-7)
#define LATE ...
#define SOON ...
static const double NOWHERE;
enum state { IDLE, BROKEN = 9, LOST = ... };
typedef int... code_t;
struct entry { const char *text; const double *values; int n; struct entry *next /* [in] */; };
