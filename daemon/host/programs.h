/* What modules want to be told about each program: @coil.on_open, session.on_close(). */
#ifndef COIL_HOST_PROGRAMS_H
#define COIL_HOST_PROGRAMS_H

#include "daemon/host/compat.h"
#include "daemon/host/host.h"

/* The host's table: see host.h. */
int coil_programs_opened(struct coil_host_program *program, struct coil_host_module *module, struct coil_error *error);
void coil_programs_gone(struct coil_host_program *program);

/* `function` is called when the program has gone.  -1 with an exception: it has, already. */
int coil_programs_on_close(struct coil_host_program *program, PyObject *function);

#endif
