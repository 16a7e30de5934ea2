/*
 * What is alive for longer than Python needs it, because the program has a pointer to it.
 */
#ifndef COIL_HOST_KEEP_H
#define COIL_HOST_KEEP_H

#include "daemon/host/compat.h"
#include "daemon/host/stray.h"
#include "daemon/host/thread.h"

struct coil_kept_block;

/* Blocks of the heap that Python has freed, the oldest first.  Zero is empty. */
struct coil_kept_blocks {
    struct coil_kept_block *list; /* owned; those before `begin` are gone */
    size_t begin, end, room;
    size_t bytes;
};

/* One call's; on the stack of the function that makes the call. */
struct coil_keep {
    const struct coil_giver *giver;
    struct coil_host_thread *thread;
    struct coil_kept *kept; /* the function's on this thread; NULL: no memory for that */
    PyObject *former;       /* what the call before has left */
    bool gathers;           /* blocks; if not, the rest is not used */
    struct coil_keep *outer;
    struct coil_kept_blocks blocks, former_blocks;
};

/* A call begins, of a function that gives or stores; it must end.  `function`: which one, by any address of its own. */
void coil_keep_begin(struct coil_keep *keep, struct coil_host_thread *thread, const struct coil_giver *giver,
                     const void *function);

/*
 * The call ends.  `result` (may be NULL) stays alive until this thread has called the function once more, and so does
 * what the handler has freed, as far as pointers to it are stored behind `call`, the arguments.
 */
void coil_keep_end(struct coil_keep *keep, PyObject *result, const void *call);

/* Python has freed a block of the heap. */
void coil_keep_free(void *memory);

/* The thread ends: nothing is kept for it any more. */
void coil_keep_forget(struct coil_host_thread *thread);

#endif
