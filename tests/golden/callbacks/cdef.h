/* Functions behind pointers. */
typedef int (*compare_t)(const void *a, const void *b);
typedef void (visit_t)(void *context, const char *name, double *v /* [inout, counted_by(n)] */, int n);
typedef const char *(*name_of_t)(int id);
struct widget;
struct handlers {
    int (*open)(struct widget *w, const char *path);
    void (*close)(struct widget *w);
    compare_t compare[2];
    int (*unclear)(int *v, char **names);
};
struct widget { int id; struct handlers *handlers; visit_t *visit; void (*done)(struct handlers h); };
extern compare_t order;
extern int (*table[3])(int);
void sort(void *items, size_t n, compare_t compare);
compare_t chosen(int i);
visit_t *visitor(void);
int add_all(int (*add)(int x, ...), FILE *log, void (*print)(FILE *log));
