#ifndef PLUGIN_H
#define PLUGIN_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A C header as people write it. */
#define PLUGIN_API
#define PLUGIN_VERSION 3
#define PLUGIN_LIMIT (PLUGIN_VERSION << 4)
#define PLUGIN_NAME "plugin"
#define PLUGIN_HALF 0.5
#define PLUGIN_TWICE(x) ((x) + (x))

#if 0
this is not read
#elif !defined(PLUGIN_OTHER)
typedef struct point {
    int x;
    int y;
} point_t;
#else
nor this
#endif

enum shade { SHADE_LIGHT = PLUGIN_VERSION, SHADE_DARK };

static inline int plugin_helper(int v)
{
    return v > 0 ? v : -v;
}

extern int plugin_counter;
int do_stuff(point_t *p);
int plugin_sum(const int v[PLUGIN_VERSION], enum shade shade);
void plugin_reset(void);

#ifdef __cplusplus
}
#endif

#endif /* PLUGIN_H */
