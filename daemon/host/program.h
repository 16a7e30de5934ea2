/* The program that Python can ask for something just now, and asking it. */
#ifndef COIL_HOST_PROGRAM_H
#define COIL_HOST_PROGRAM_H

#include "daemon/host/compat.h"
#include "daemon/host/host.h"

struct coil_program_place {
    struct coil_host_program *program; /* borrowed, for as long as the call lasts */
    void *caller;                      /* whose waiting thread answers; NULL: another thread of the program */
};

/*
 * Finds the program that `what` ("lib.f") is to be done by: the one whose call this thread is handling, or the one
 * program of a Python that serves no other.  -1 with an exception that says what to do: there is none, or several.
 */
int coil_program_current(const char *what, struct coil_program_place *ret_place);

/*
 * Asks the program, after what Python has written so far has been handed over.  ffi.errno goes there as C's errno and
 * comes back.  -1 with an exception that begins with `what`.
 */
int coil_program_ask(const struct coil_program_place *place, struct coil_host_ask *ask, const char *what);

/* Raises what an embedder's refusal `r` means; `what` was to be done. */
void coil_program_raise(int r, const char *what, const struct coil_error *error);

/* The exception class coil.ClientGone; borrowed, NULL with an exception. */
PyObject *coil_program_client_gone(void);

#endif
