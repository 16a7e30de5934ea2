/* The C program includes this file; coil-stubgen reads it. */
#ifndef PLUGIN_H
#define PLUGIN_H

typedef struct { int x, y; } point_t;

extern int do_stuff(point_t *p);

#endif
