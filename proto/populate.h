/*
 * Memory for pages of a shared mapping, before they are written.
 *
 * Why: a write to a page for which there is no memory is a signal; asked for in advance, it is an error.  What
 * is certain to be used is reserved when it is made; this is for what turns out to be used.
 *
 * Threads: any.
 */
#ifndef COIL_POPULATE_H
#define COIL_POPULATE_H

#include <stddef.h>

/*
 * 0, or -errno: there is no memory for all of it.  The pages' content stays.  Kernels before 5.14 cannot be
 * asked (madvise(2), MADV_POPULATE_WRITE): then it is 0 as well.
 */
int coil_populate(void *begin, size_t size);

#endif
