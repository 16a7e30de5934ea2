/* A thread's Python thread state, its place in calls, and the text it has written but not yet handed over. */
#ifndef COIL_HOST_THREAD_H
#define COIL_HOST_THREAD_H

#include "daemon/host/compat.h"
#include "daemon/host/host.h"

#define COIL_TEXT_BUFFER_SIZE 4096

struct coil_kept;
struct coil_keep;

struct coil_text_buffer {
    enum coil_host_stream stream; /* of the bytes in it */
    size_t used;
    char bytes[COIL_TEXT_BUFFER_SIZE];
};

struct coil_host_thread {
    PyThreadState *state;
    bool made; /* `state` was made for it, and ends with it */
    void *caller;
    size_t depth;                   /* of enter; its owner's thread only */
    uint64_t number;                /* of the innermost call under way: each has another one */
    size_t calls;                   /* under way on this thread, up to the init code that runs; with the GIL */
    size_t capacity;                /* of `taken` */
    unsigned char *taken;           /* per level of enter: 1 if it took the GIL */
    struct coil_host_thread *outer; /* what was current when this one was entered */
    struct coil_kept **kept;        /* what its calls have left: keep.c */
    struct coil_keep *keep;         /* the innermost call under way that gathers what is freed */
    struct coil_text_buffer text;
};

struct coil_host_thread *coil_thread_attach(void *caller);
void coil_thread_detach(struct coil_host_thread *thread);
void coil_thread_enter(struct coil_host_thread *thread);
void coil_thread_leave(struct coil_host_thread *thread);
void *coil_thread_pause(void);
void coil_thread_resume(void *paused);

/* The one this OS thread has entered, or NULL: a thread of Python's own, or between calls. */
struct coil_host_thread *coil_thread_current(void);

#endif
