#ifndef PLUGIN_H
#define PLUGIN_H

typedef struct { int x, y; } point_t;

/* Mirrors *point at the diagonal.  Returns the number of the process that did it. */
int do_stuff(point_t *point);

#endif
