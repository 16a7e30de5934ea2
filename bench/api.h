/*
 * What every peer offers, as a library `plugin.so`: the same C functions, implemented in Python.
 *
 * A peer that cannot do one of them leaves it out, and says so in its peer.py (WORKS).  Any thread may call;
 * how a thread gets its connection or its Python thread state is the peer's affair.  The handlers look at nothing but
 * the first element of an array, so that what is measured is the way there and back.
 */
#ifndef COIL_BENCH_API_H
#define COIL_BENCH_API_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef BENCH_API /* the driver's: may be missing */
#define BENCH_API __attribute__((visibility("default")))
#endif

struct point {
    double x, y;
    int32_t tag[4];
};

BENCH_API int nothing(void);                            /* returns 1 */
BENCH_API int add(int x, int y);                        /* x + y */
BENCH_API int text(const char *s);                      /* returns 1 */
BENCH_API int point(struct point *p);                   /* returns 1; Python could change the struct */
BENCH_API double first(const double *v, size_t n);      /* v[0] */
BENCH_API int call_back(int (*function)(int x), int x); /* function(x) */
BENCH_API void note(int x);                             /* one-way where the peer has that: counts */
BENCH_API long noted(void);                             /* how many notes have been counted: comes after all of them */

#ifdef __cplusplus
}
#endif

#endif
