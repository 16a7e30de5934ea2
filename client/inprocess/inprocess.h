/* In-process mode's files among themselves. */
#ifndef COIL_INPROCESS_H
#define COIL_INPROCESS_H

#include "client/runtime.h"
#include "daemon/host/host.h"

/* The host of this process; there is one when anything of Python runs. */
const struct coil_host_api *coil_inprocess_host(void);

/* ---- ask.c: the host's callbacks ---- */
int coil_inprocess_ask(void *caller, struct coil_host_program *program, struct coil_host_ask *ask,
                       struct coil_error *error);
struct coil_host_program *coil_inprocess_program(void *caller);
bool coil_inprocess_claim(void); /* Python serves this program always, from now on */
struct coil_host_program *coil_inprocess_program_ref(struct coil_host_program *program);
void coil_inprocess_program_unref(struct coil_host_program *program);
void coil_inprocess_program_peer(struct coil_host_program *program, struct coil_host_peer *ret_peer);

/* ---- deadline.c ---- */

/* One open call with a deadline, on its caller's stack. */
struct coil_inprocess_deadline {
    struct coil_inprocess_deadline *next;
    struct coil_host_thread *thread;
    int64_t end_ms; /* the deadline */
    int64_t due_ms; /* when the exception is raised, the first time or again */
    unsigned raised;
};

/*
 * Are all lengths that the call would need lengths, also those in structs?  -ERANGE, and -ENOMEM, -E2BIG, where that
 * cannot be told; with words.
 */
int coil_inprocess_check_lengths(struct coil_thread *thread, const struct coil_link *link, unsigned function,
                                 const void *call, struct coil_error *error);

/* The thread's deadline is kept from here on.  Without the GIL or with it. */
void coil_inprocess_deadline_open(struct coil_inprocess_deadline *deadline, struct coil_thread *thread);

/*
 * The call has come to an end, with an exception or without.  With the GIL.  True: the one for its deadline has been
 * raised in it.
 */
bool coil_inprocess_deadline_close(struct coil_inprocess_deadline *deadline, bool has_failed);

/* The thread ends; it may have been cancelled in the middle of calls. */
void coil_inprocess_deadline_forget(const struct coil_host_thread *thread);

/* Around fork(), with no other thread in Python. */
void coil_inprocess_deadline_before_fork(void);
void coil_inprocess_deadline_after_fork(bool in_child);

#endif
